import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stateFolder } from '../shared/places.ts';

/** What a running stack tells the rest of the project about itself. */
export interface StackState {
  pid: number;
  gatewayUrl: string;
  /** `host:port`, as FIRESTORE_EMULATOR_HOST wants it. */
  emulatorHost: string;
  project: string;
  /** Path of the settings that its functions run with. */
  settings: string;
  /** Path of the catalogue that it runs by; `null` for the built-in one. */
  catalog: string | null;
  /** The database of Nightshift's own records. */
  database: string;
  /** Where its jobs of Cloud Scheduler are. */
  region: string;
  /** Path of the file by which its clock is set ahead, as NIGHTSHIFT_CLOCK_FILE wants it. */
  clockFile: string;
  startedAt: string;
}

/** The running stack, the newest where several run; `undefined` when none does, also when one died and left its file. */
export function readStack(env: NodeJS.ProcessEnv = process.env): StackState | undefined {
  const running = stateFiles(env).flatMap((file) => readState(join(stateFolder(env), file)) ?? []);
  return running.sort((a, b) => (a.startedAt < b.startedAt ? -1 : 1)).at(-1);
}

/** Tells of this process's stack. */
export function writeStack(state: StackState, env: NodeJS.ProcessEnv = process.env): void {
  mkdirSync(stateFolder(env), { recursive: true });
  writeWhole(ownFile(env), `${JSON.stringify(state, null, 2)}\n`);
}

/** Writes a file that others read meanwhile: renamed into place, so that no reader ever sees half of it. */
export function writeWhole(file: string, text: string): void {
  writeFileSync(`${file}.draft`, text);
  renameSync(`${file}.draft`, file);
}

/** Forgets this process's stack, and those that died without doing so; others that run stay. */
export function removeStack(env: NodeJS.ProcessEnv = process.env): void {
  rmSync(ownFile(env), { force: true });
  for (const file of stateFiles(env))
    if (!readState(join(stateFolder(env), file))) rmSync(join(stateFolder(env), file), { force: true });
}

/** One file per stack, so that the end of one leaves the others to be found. */
function ownFile(env: NodeJS.ProcessEnv): string {
  return join(stateFolder(env), `stack-${process.pid}.json`);
}

function stateFiles(env: NodeJS.ProcessEnv): string[] {
  try {
    return readdirSync(stateFolder(env)).filter((file) => /^stack-\d+\.json$/.test(file));
  } catch (error) {
    // No stack has ever run here.
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

function readState(file: string): StackState | undefined {
  try {
    const state: StackState = JSON.parse(readFileSync(file, 'utf8'));
    return isAlive(state.pid) ? state : undefined;
  } catch {
    // Gone since it was listed, or spoilt by somebody: either way it tells of no stack.
    return undefined;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // It lives, but belongs to another user.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

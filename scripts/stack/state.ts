import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stateFolder } from './places.ts';

/** What a running stack tells the rest of the project about itself. */
export interface StackState {
  pid: number;
  gatewayUrl: string;
  /** `host:port`, as FIRESTORE_EMULATOR_HOST wants it. */
  emulatorHost: string;
  project: string;
  startedAt: string;
}

/** The running stack; `undefined` when none runs, also when one died and left its file. */
export function readStack(env: NodeJS.ProcessEnv = process.env): StackState | undefined {
  try {
    const state: StackState = JSON.parse(readFileSync(stateFile(env), 'utf8'));
    return isAlive(state.pid) ? state : undefined;
  } catch {
    return undefined;
  }
}

/** Makes `state` the running stack, whichever was before it. */
export function writeStack(state: StackState, env: NodeJS.ProcessEnv = process.env): void {
  mkdirSync(stateFolder(env), { recursive: true });
  // Renamed into place, so that no reader ever sees half a file.
  const draft = `${stateFile(env)}.${process.pid}`;
  writeFileSync(draft, `${JSON.stringify(state, null, 2)}\n`);
  renameSync(draft, stateFile(env));
}

/** Forgets the running stack if it is this process; one that was started later stays. */
export function removeStack(env: NodeJS.ProcessEnv = process.env): void {
  if (readStack(env)?.pid === process.pid) rmSync(stateFile(env), { force: true });
}

function stateFile(env: NodeJS.ProcessEnv): string {
  return join(stateFolder(env), 'stack.json');
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

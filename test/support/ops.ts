import { PassThrough, Readable, type Writable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { runOps } from '../../scripts/ops/program.ts';
import { runIn, type Shell } from '../../scripts/shared/shell.ts';
import { freshFolder } from './folders.ts';

/** What a command left behind. */
export interface Ended {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** What a test gives to a command beside its arguments. */
export interface Given {
  env?: NodeJS.ProcessEnv;
  input?: string;
  /** Ctrl-C, once. */
  signal?: AbortSignal;
}

/** The environment of an operator whom no running stack can reach, and `env`. */
export function operatorEnv(env: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv {
  const { FIRESTORE_EMULATOR_HOST } = process.env;
  return { FIRESTORE_EMULATOR_HOST, NO_COLOR: '1', NIGHTSHIFT_STATE_DIR: freshFolder(), ...env };
}

/** Runs `ops` to its end in this process. */
export async function ops(args: readonly string[], given: Given = {}): Promise<Ended> {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  const told = Promise.all([text(stdout), text(stderr)]);
  const code = await runOps(args, shellOf(given, stdout, stderr));
  stdout.end();
  stderr.end();
  const [out, err] = await told;
  return { code, stdout: out, stderr: err };
}

/** Runs part of a command as `ops` runs it, and returns what it found. */
export async function asOps<Found>(given: Given, part: () => Promise<Found>): Promise<Found> {
  const { promise, resolve } = Promise.withResolvers<Found>();
  await runIn(shellOf(given, new PassThrough(), new PassThrough()), async () => resolve(await part()));
  return promise;
}

function shellOf({ env, input = '', signal }: Given, stdout: Writable, stderr: Writable): Shell {
  return {
    stdin: Readable.from([Buffer.from(input)]),
    stdout,
    stderr,
    env: operatorEnv(env),
    listenForStop: () => ({
      signal: signal ?? new AbortController().signal,
      exitCode: () => 130,
    }),
  };
}

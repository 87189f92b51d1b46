import { AsyncLocalStorage } from 'node:async_hooks';
import type { Readable, Writable } from 'node:stream';
import { listenForStop, type Stopping } from './stopping.ts';

/** What lines are written to: a terminal, a file or a pipe, or what a test collects. */
export type Output = Writable & { isTTY?: boolean; columns?: number; rows?: number };

/** All that a command line has of the world around it, so that one process can run many, each in a shell of its own. */
export interface Shell {
  stdin: Readable & { isTTY?: boolean };
  stdout: Output;
  stderr: Output;
  /** Google's libraries read the one of the process, whatever stands here. */
  env: NodeJS.ProcessEnv;
  /** Listens for Ctrl-C: the first one aborts a signal, the second one calls `atOnce` and ends all. */
  listenForStop(atOnce: () => void): Stopping;
}

interface Client {
  terminate(): Promise<void>;
}

/** Where a command line is told to look, whatever the environment says. */
export interface ChosenPlace {
  project?: string;
  region?: string;
}

interface Invocation {
  shell: Shell;
  place: ChosenPlace;
  exitCode: number;
  /** What is closed at its end. */
  open: Set<Client>;
}

const invocations = new AsyncLocalStorage<Invocation>();
/** The one that this process was started from. */
export const PROCESS_SHELL: Shell = {
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  env: process.env,
  listenForStop,
};

/** The shell of the command line that runs: of whatever else, such as `npm start`, the one of the process. */
export function shell(): Shell {
  return invocations.getStore()?.shell ?? PROCESS_SHELL;
}

/** Runs `command` in `given`; resolves with its exit code, 0 unless it set another one. */
export function runIn(given: Shell, command: () => Promise<void>): Promise<number> {
  const invocation: Invocation = { shell: given, place: {}, exitCode: 0, open: new Set() };
  return invocations.run(invocation, async () => {
    try {
      await command();
      return invocation.exitCode;
    } finally {
      // Not waited for: a client that never got an answer takes a minute.
      for (const client of invocation.open) client.terminate().catch(() => undefined);
    }
  });
}

/** Sets the exit code of the command that runs. */
export function exitWith(code: number): void {
  const invocation = invocations.getStore();
  if (invocation) invocation.exitCode = code;
}

/** Has the command that runs look elsewhere than its environment says. */
export function choosePlace(place: ChosenPlace): void {
  const invocation = invocations.getStore();
  if (invocation) invocation.place = place;
}

/** Where the command that runs was told to look. */
export function chosenPlace(): ChosenPlace {
  return invocations.getStore()?.place ?? {};
}

/** Has `client` closed when the command that runs has ended: an open one keeps the process alive. */
export function closedAtEnd<T extends Client>(client: T): T {
  invocations.getStore()?.open.add(client);
  return client;
}

import { type ChildProcess, spawn } from 'node:child_process';
import { makeTee, type Tee } from './tee.ts';
import { ownSetting, type Setting } from './terminal.ts';

/** The command, running. */
export interface Child {
  pid: number;
  setting: Setting;
  /** Signals it, and where it leads a session of its own all that it started. */
  signal(signal: NodeJS.Signals): void;
  hasEnded(): boolean;
  ended: Promise<Ended>;
  tee: Tee | undefined;
}

export interface Ended {
  exitCode: number | null;
  signal: NodeJS.Signals | null;
}

/** Why there is no child: what the shell's exit code for it is, and the reason in words. */
export interface NotStarted {
  exitCode: 126 | 127;
  reason: string;
}

/** What a grandchild that holds the pipe may still have to say. */
const PIPE_MS = 200;

/** Starts the command with our own terminal, files and pipes; what it writes costs us nothing. */
export async function startChild(
  command: readonly string[],
  env: NodeJS.ProcessEnv,
  tailBytes: number | undefined,
): Promise<Child | NotStarted> {
  const setting = ownSetting();
  const tee = tailBytes === undefined ? undefined : await teeUnlessTerminal(tailBytes);
  const child = spawn(command[0] as string, command.slice(1), {
    env,
    stdio: ['inherit', 'inherit', tee?.fd ?? 'inherit'],
    detached: setting === 'apart',
  });
  const { pid } = child;
  if (pid === undefined) return notStarted(child);
  const ended = endOf(child, tee);
  void tee?.begin();
  return {
    pid,
    setting,
    ended,
    tee,
    hasEnded: () => child.exitCode !== null || child.signalCode !== null,
    signal(signal) {
      try {
        process.kill(setting === 'apart' ? -pid : pid, signal);
      } catch {
        // It has ended just now.
      }
    },
  };
}

/** A terminal shows the child's own output, colours and all: it must not see a pipe in between. */
async function teeUnlessTerminal(bytes: number): Promise<Tee | undefined> {
  const { isatty } = await import('node:tty');
  return isatty(2) ? undefined : makeTee(bytes);
}

function notStarted(child: ChildProcess): Promise<NotStarted> {
  return new Promise((resolve) => {
    child.once('error', ({ code = 'unknown' }: NodeJS.ErrnoException) => {
      if (code === 'ENOENT') resolve({ exitCode: 127, reason: 'not found' });
      else resolve({ exitCode: 126, reason: code === 'EACCES' ? 'permission denied' : code });
    });
  });
}

/** By its exit alone, never by `close`: a grandchild in the background may hold the pipe for days. */
async function endOf(child: ChildProcess, tee: Tee | undefined): Promise<Ended> {
  const ended = await new Promise<Ended>((resolve) => {
    child.once('exit', (exitCode, signal) => resolve({ exitCode, signal }));
  });
  if (tee) await Promise.race([tee.drained, new Promise((resolve) => setTimeout(resolve, PIPE_MS))]);
  return ended;
}

import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';

const living = new Set<ChildProcess>();

// The last net under every other clean-up: whatever ends this process in an orderly way takes its children along.
process.on('exit', () => {
  for (const child of living) child.kill('SIGKILL');
});

/**
 * Starts a process that is ours to end, and that no terminal signal reaches: a Ctrl-C goes to the whole foreground
 * group, and children that die on their own would look like crashes in the middle of an orderly stop.
 */
export function spawnOwned(command: string, args: readonly string[], options: SpawnOptions): ChildProcess {
  const child = spawn(command, args, { ...options, detached: true });
  living.add(child);
  child.once('exit', () => living.delete(child));
  child.once('error', () => living.delete(child));
  return child;
}

/** Ends `child` by SIGTERM, after `graceMs` by SIGKILL, and resolves when it is gone. */
export async function endProcess(child: ChildProcess, graceMs = 3_000): Promise<void> {
  if (child.pid === undefined || hasEnded(child)) return;
  const gone = once(child, 'exit');
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), graceMs);
  await gone;
  clearTimeout(timer);
}

/** Whether `child` has exited. */
export function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}

/** How a process ended, in words such as "exit code 1" or "SIGKILL". */
export function endInWords(code: number | null, signal: NodeJS.Signals | null): string {
  return signal ?? `exit code ${code}`;
}

/**
 * Has `child` ended should this process die without a chance to clean up (kill -9): a shell waits for the end of its
 * standard input, which only we hold open. Returns the function that calls the watch off. POSIX only; elsewhere nothing.
 */
export function endWithUs(child: ChildProcess): () => void {
  if (process.platform === 'win32' || child.pid === undefined) return () => {};
  const watch = spawn('/bin/sh', ['-c', 'read -r _ || kill "$0"', String(child.pid)], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  });
  watch.on('error', () => {});
  watch.stdin.on('error', () => {});
  watch.unref();
  // A line means that `child` has ended in order: its pid may soon be somebody else's.
  return () => watch.stdin.end('done\n');
}

/** A TCP port of 127.0.0.1 that was free a moment ago; the first free one from `from` on when given. */
export async function freePort(from = 0): Promise<number> {
  const server = createServer();
  try {
    const listening = once(server, 'listening');
    server.listen(from, '127.0.0.1');
    await listening;
    const address = server.address();
    return typeof address === 'object' && address ? address.port : from;
  } catch (error) {
    if (from === 0 || from >= 65_535) throw error;
    return freePort(from + 1);
  } finally {
    server.close();
  }
}

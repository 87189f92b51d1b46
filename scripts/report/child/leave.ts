import { accessSync, constants } from 'node:fs';
import { constants as system } from 'node:os';
import type { Ended } from './start.ts';

/**
 * Ends this process as the child ended: by its exit code, or by the same signal, so that a shell above sees no difference.
 * The kernel lets PID 1 survive it; then, as in a shell, it is 128 and the signal's number.
 */
export function leave({ exitCode, signal }: Ended, mayHang: boolean): never {
  if (signal) {
    process.removeAllListeners(signal);
    process.kill(process.pid, signal);
  }
  const code = signal ? 128 + system.signals[signal] : (exitCode ?? 1);
  if (mayHang) leaveAtOnce(code);
  process.exit(code);
}

/**
 * `process.exit` waits for what its threads are in: the resolver for seconds, a write for as long as nobody reads. Another
 * program in our place waits for nothing.
 */
function leaveAtOnce(code: number): void {
  try {
    accessSync('/bin/sh', constants.X_OK);
    // Node has it since 22.15.
    process.execve?.('/bin/sh', ['sh', '-c', `exit ${code}`], {});
  } catch {
    // The slow way will do.
  }
}

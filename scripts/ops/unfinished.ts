import { writeSync } from 'node:fs';
import { EXIT } from './shared/problem.ts';

/**
 * Node ends a process that has nothing left to wait for, also with unfinished work. From now on that is reported, and is a
 * failure, until the returned function is called.
 */
export function refuseUnfinishedEnd(): () => void {
  let finished = false;
  process.once('exit', (code) => {
    // Any other code was reported already; 13 is Node's code for a module that still waits.
    if (finished || (code !== 0 && code !== 13)) return;
    process.exitCode = EXIT.unreachable;
    tellAtOnce(
      'ended before its work was done: it waited for what never came. What it did stays; run it again',
    );
  });
  return () => {
    finished = true;
  };
}

/** Streams are written too late for a process that ends. */
function tellAtOnce(what: string): void {
  try {
    writeSync(process.stderr.fd, `ops ${what}\n`);
  } catch {
    // Stderr is closed: the exit code has to be enough.
  }
}

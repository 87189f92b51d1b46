import { writeSync } from 'node:fs';
import { EXIT } from './shared/problem.ts';

/**
 * Node ends a process in which nothing is left to wait for, also with work unfinished. From now on that is told, and is
 * a failure, until the returned function is called.
 */
export function refuseUnfinishedEnd(): () => void {
  let finished = false;
  process.once('exit', (code) => {
    // Any other code has told of itself; 13 is what Node ends with when a module still waits.
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
    // Nobody reads it any more: the exit code tells.
  }
}

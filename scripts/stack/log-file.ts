import { closeSync, openSync, writeSync } from 'node:fs';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { stamp } from '../words/figures.ts';

/** A log file of the stack, each line of it behind the time at which it came. */
export interface LogFile {
  write(line: string): void;
  close(): void;
}

/** Opens the log file at `path`: `a` adds to it, `w` begins it anew. */
export function openLogFile(path: string, flags: 'a' | 'w', now: () => Date = () => new Date()): LogFile {
  const file = openSync(path, flags);
  return {
    // At once, so that the last words of a process that failed are in it when they are looked for.
    write(line) {
      writeSync(file, `${stamp(now())} ${line}\n`);
    },
    close: () => closeSync(file),
  };
}

/** Calls `onLine` for each line that a process prints. */
export function eachLine(streams: readonly (Readable | null)[], onLine: (line: string) => void): void {
  for (const input of streams) if (input) createInterface({ input }).on('line', onLine);
}

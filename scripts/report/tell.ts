import { writeSync } from 'node:fs';

const told = new Set<string>();

/**
 * One line on standard error. Never by `process.stderr`: to open it would switch a pipe that the child shares to
 * non-blocking, and the child would see writes fail that never fail without us.
 */
export function tell(text: string): void {
  writeLine(`nightshift: ${text.replace(/\s*\n\s*/g, ' ')}`);
}

/** Tells each text once. */
export function tellOnce(text: string): void {
  if (told.has(text)) return;
  told.add(text);
  tell(text);
}

/** A line for machines, as it is. */
export function writeLine(line: string): void {
  try {
    writeSync(2, `${line}\n`);
  } catch {
    // Nobody reads it, or not now: no reason to hold up the job.
  }
}

/** A line on standard output, for who asked for it. */
export function answer(line: string): void {
  writeSync(1, `${line}\n`);
}

/** The short reason of an error of the system: its code where it has one. */
export function reasonOf(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  return code ?? message ?? String(error);
}

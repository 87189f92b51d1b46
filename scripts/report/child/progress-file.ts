import { readFileSync, statSync } from 'node:fs';
import type { Progress } from '../outbox/report.ts';

const MOST_NOTE = 500;

/** The progress in a file that a trainer writes; what is not there, or not of its kind, is left out. */
export function progressOf(value: unknown): Progress | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const record = value as Record<string, unknown>;
  const first = (names: string[], fits: (value: unknown) => boolean) =>
    names.map((name) => record[name]).find(fits);
  const isNumber = (value: unknown) => Number.isFinite(value) && (value as number) >= 0;
  const fraction = first(['fraction', 'progress'], (value) => isNumber(value) && (value as number) <= 1);
  const step = first(['step', 'current_step', 'global_step'], isNumber);
  const of = first(['of', 'total', 'total_steps', 'max_steps'], isNumber);
  const note = first(['note', 'message'], (value) => typeof value === 'string');
  const progress: Progress = {
    ...(fraction !== undefined && { fraction: fraction as number }),
    ...(step !== undefined && { step: step as number }),
    ...(of !== undefined && { of: of as number }),
    ...(note !== undefined && { note: (note as string).slice(0, MOST_NOTE) }),
  };
  return Object.keys(progress).length > 0 ? progress : undefined;
}

/** Looks at the file whenever it is asked; returns the progress when the file has changed and can be read. */
export function watchProgress(file: string): () => Progress | undefined {
  let seen = '';
  return () => {
    try {
      const { mtimeMs, size, ino } = statSync(file);
      const version = `${mtimeMs} ${size} ${ino}`;
      if (version === seen) return undefined;
      const progress = progressOf(JSON.parse(readFileSync(file, 'utf8')));
      // Only now: a file that is being written is looked at again.
      seen = version;
      return progress;
    } catch {
      return undefined;
    }
  };
}

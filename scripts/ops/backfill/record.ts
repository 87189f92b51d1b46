import { hash } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import type { Day } from '../../../functions/shared/dates.ts';
import { shortPath, stateFolder } from '../../shared/places.ts';
import { shell } from '../../shared/shell.ts';
import { OpsProblem } from '../shared/problem.ts';

const dayResultSchema = z.object({
  changed: z.boolean(),
  final: z.boolean(),
  conflict: z.boolean(),
  /** What was wrong with a day that is partial; none of one that is whole. */
  problems: z.array(z.string()),
});
/** What became of a day. */
export type DayResult = z.infer<typeof dayResultSchema>;

const recordSchema = z.object({ days: z.record(z.string(), dayResultSchema) });

/** The days of a backfill that are done, kept in a file so that it can go on. */
export interface BackfillRecord {
  readonly done: ReadonlyMap<Day, DayResult>;
  keep(date: Day, result: DayResult): void;
  /** Deletes the file. */
  forget(): void;
}

/** The file of a backfill: one for each target and range, as it was typed. */
export function recordFile(
  target: { host: string; identity: string },
  range: { from: Day; to?: Day },
): string {
  const host = target.host.replace(/[^\w.-]+/g, '-');
  const name = `backfill-${host}-${hash('sha256', target.identity).slice(0, 12)}`;
  return join(stateFolder(shell().env), `${name}-${range.from}-${range.to ?? 'yesterday'}.json`);
}

/** Opens the record in `file`, an empty one where there is none, or `anew`. Throws OpsProblem when it cannot be read. */
export function openRecord(file: string, { anew }: { anew: boolean }): BackfillRecord {
  if (anew) rmSync(file, { force: true });
  const done = new Map(Object.entries(readDays(file)));
  return {
    done,
    keep(date, result) {
      done.set(date, result);
      mkdirSync(dirname(file), { recursive: true });
      // Renamed into place, so that no end of this process leaves half a file.
      const draft = `${file}.draft`;
      writeFileSync(draft, `${JSON.stringify({ days: Object.fromEntries(done) })}\n`);
      renameSync(draft, file);
    },
    forget: () => rmSync(file, { force: true }),
  };
}

function readDays(file: string): Record<Day, DayResult> {
  try {
    return recordSchema.parse(JSON.parse(readFileSync(file, 'utf8'))).days;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {};
    throw new OpsProblem(
      `Cannot read ${shortPath(file)}, which lists the days done before. Begin anew with --restart`,
      1,
      {
        cause: error,
      },
    );
  }
}

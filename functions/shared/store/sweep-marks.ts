import type { WriteBatch } from '@google-cloud/firestore';
import { MINUTE_MS } from '../dates.ts';
import type { Log } from '../log.ts';
import { NO_MARKS, type SweepMarks, sweepMarksSchema } from '../model/sweep-marks.ts';
import type { Collections } from './collections.ts';
import { bounded, decode } from './firestore.ts';
import type { ReadOptions } from './jobs.ts';

const LIMIT_MS = MINUTE_MS;

/** What the sweep remembers of each source. Written only inside a run's commits. */
export function sweepMarkStore({ sweepMarks }: Collections, log: Log) {
  return {
    /** Those of a source. */
    async load(source: string, { tally, signal }: ReadOptions): Promise<SweepMarks> {
      const call = sweepMarks.doc(source).get();
      const found = await bounded(log, `marks of source ${source}`, LIMIT_MS, call, signal);
      tally.documents += 1;
      if (!found.exists) return NO_MARKS;
      const marks = decode(sweepMarksSchema, found);
      const { cursor } = marks;
      if (!cursor?.after) return marks;
      // As it is stored, to the nanosecond: the query goes on behind exactly this value.
      const after = { ...cursor.after, value: found.get('cursor.after.value') };
      return { ...marks, cursor: { ...cursor, after } };
    },

    /** Adds to `batch` what to remember from now on. */
    put(batch: WriteBatch, source: string, marks: SweepMarks): void {
      batch.set(sweepMarks.doc(source), marks);
    },
  };
}

export type SweepMarkStore = ReturnType<typeof sweepMarkStore>;

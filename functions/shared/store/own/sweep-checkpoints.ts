import type { WriteBatch } from '@google-cloud/firestore';
import { MINUTE_MS } from '../../dates.ts';
import type { Log } from '../../log.ts';
import {
  NO_CHECKPOINT,
  type SweepCheckpoint,
  sweepCheckpointSchema,
} from '../../model/job/sweep-checkpoint.ts';
import { decode, withTimeout } from '../firestore/firestore.ts';
import type { ReadOptions } from '../firestore/read-options.ts';
import type { Collections } from './collections.ts';
import { fromPage, toPages } from './sightings.ts';

const LIMIT_MS = MINUTE_MS;

/** What the sweep remembers of each source. Written only inside a run's commits. */
export interface SweepCheckpointStore {
  /** What is remembered of a source; NO_CHECKPOINT before its first sweep. */
  load(source: string, options: ReadOptions): Promise<SweepCheckpoint>;

  /** Adds to `batch` what to remember from now on; returns how many of the last sightings were too many. */
  put(batch: WriteBatch, source: string, marks: SweepCheckpoint): number;
}

export function sweepCheckpointStore({ sweepMarks }: Collections, log: Log): SweepCheckpointStore {
  const pageOf = (source: string, nth: number) =>
    sweepMarks.doc(source).collection('sightings').doc(String(nth));

  return {
    async load(source, { tally, signal }) {
      const operation = `marks of source ${source}`;
      const found = await withTimeout(log, operation, LIMIT_MS, sweepMarks.doc(source).get(), signal);
      tally.documents += 1;
      if (!found.exists) return NO_CHECKPOINT;
      const { pages, ...marks } = decode(sweepCheckpointSchema, found);
      const refs = Array.from({ length: pages }, (_, nth) => pageOf(source, nth));
      const read = refs.length > 0 ? sweepMarks.firestore.getAll(...refs) : Promise.resolve([]);
      const documents = await withTimeout(log, operation, LIMIT_MS, read, signal);
      tally.documents += documents.length;
      const sightings = documents.flatMap((document) =>
        document.exists ? fromPage(document.get('compressed') as Uint8Array) : [],
      );
      const { cursor } = marks;
      if (!cursor?.after) return { ...marks, sightings };
      // As it is stored, to the nanosecond: the query goes on behind exactly this value.
      const after = { ...cursor.after, value: found.get('cursor.after.value') };
      return { ...marks, sightings, cursor: { ...cursor, after } };
    },

    put(batch, source, { sightings, ...marks }) {
      const { pages, left } = toPages(sightings);
      batch.set(sweepMarks.doc(source), { ...marks, pages: pages.length });
      for (const [nth, compressed] of pages.entries()) batch.set(pageOf(source, nth), { compressed });
      return left;
    },
  };
}

import type { Firestore, Query } from '@google-cloud/firestore';
import { chunksOf } from '../../concurrency.ts';
import { MINUTE_MS } from '../../dates.ts';
import type { Log } from '../../log.ts';
import type { Source, TimeMapping } from '../../model/job/source.ts';
import type { JobState } from '../../model/job/states.ts';
import { orNull, PLAUSIBLE_TIMES, readTime } from '../../model/reading/reading.ts';
import {
  countDocuments,
  plainOf,
  streamQuery,
  VALUES_PER_QUERY,
  withTimeout,
} from '../firestore/firestore.ts';
import type { ReadOptions } from '../firestore/read-options.ts';
import { type JobRange, within } from '../firestore/time-range.ts';
import { recordsOf } from './jobs.ts';
import { valuesOf } from './stale-queries.ts';

const LIMIT_MS = MINUTE_MS;
/** So many index entries are billed as one document read. */
const ENTRIES_PER_READ = 1_000;

/** Counts the documents of a query; adds what that costs to the tally. */
export async function countOf(
  log: Log,
  operation: string,
  query: Query,
  { tally, signal }: ReadOptions,
): Promise<number> {
  const count = await withTimeout(log, operation, LIMIT_MS, countDocuments(query), signal);
  tally.documents += Math.max(1, Math.ceil(count / ENTRIES_PER_READ));
  return count;
}

/** Counts records of a source. */
export function recordCounts(name: string, source: Source, db: Firestore, log: Log) {
  const { fields } = source;
  const records = recordsOf(source, db);

  async function sum(
    state: JobState,
    count: (query: Query, operation: string) => Promise<number>,
  ): Promise<number> {
    const queries = chunksOf(valuesOf(source, state), VALUES_PER_QUERY).map((some) =>
      records.where(fields.status, 'in', some),
    );
    const counts = await Promise.all(
      queries.map((query) => count(query, `count of ${state} jobs of source ${name}`)),
    );
    return counts.reduce((total, each) => total + each, 0);
  }

  /** How many lie on one side of an instant. ISO text is ordered only roughly, so the records near the instant are read. */
  async function countSide(
    operation: string,
    query: Query,
    time: TimeMapping,
    side: { from: Date } | { to: Date },
    options: ReadOptions,
  ): Promise<number> {
    const roughly = await countOf(log, operation, within(query, time, side), options);
    if (time.type !== 'iso') return roughly;
    const edge = 'from' in side ? side.from : side.to;
    const near = within(query, time, { from: edge, to: edge }).select(time.path);
    const isBeyond = (instant: Date | null) =>
      !instant || ('from' in side ? instant < edge : instant >= edge);
    let beyond = 0;
    const read = await streamQuery(
      ...([log, operation, LIMIT_MS, near] as const),
      (document) => {
        if (isBeyond(orNull(readTime(plainOf(document.get(time.path)), time)))) beyond += 1;
      },
      options.signal,
    );
    options.tally.documents += read;
    return roughly - beyond;
  }

  return {
    /** How many are in `state`. */
    inState: (state: JobState, options: ReadOptions): Promise<number> =>
      sum(state, (query, operation) => countOf(log, operation, query, options)),

    /** How many of those in `state` have a time in that range; for ISO text, some up to 14 h outside count, too. */
    between: (state: JobState, time: TimeMapping, range: JobRange, options: ReadOptions): Promise<number> =>
      sum(state, (query, operation) => countOf(log, operation, within(query, time, range), options)),

    /** How many have been running since before `instant`. */
    runningSince: (instant: Date, options: ReadOptions): Promise<number> =>
      sum('running', (query, operation) =>
        countSide(operation, query, fields.startedAt, { to: instant }, options),
      ),

    /** When the `nth` oldest running job started; `null` where fewer run. */
    async startOf(nth: number, options: ReadOptions): Promise<Date | null> {
      const { status, startedAt } = fields;
      const words = valuesOf(source, 'running').slice(0, VALUES_PER_QUERY);
      const dated = within(records.where(status, 'in', words), startedAt, PLAUSIBLE_TIMES);
      const query = dated.orderBy(startedAt.path).select(startedAt.path).limit(nth);
      const operation = `oldest running jobs of source ${name}`;
      const { docs } = await withTimeout(log, operation, LIMIT_MS, query.get(), options.signal);
      options.tally.documents += Math.max(1, docs.length);
      const value = docs.length === nth && docs.at(-1)?.get(startedAt.path);
      return orNull(readTime(plainOf(value), startedAt));
    },

    /** How many were created at or after `instant`, or started where the source maps no creation. */
    newSince: (instant: Date, options: ReadOptions): Promise<number> => {
      const time = fields.createdAt ?? fields.startedAt;
      return countSide(`count of new jobs of source ${name}`, records, time, { from: instant }, options);
    },
  };
}

export type RecordCounts = ReturnType<typeof recordCounts>;

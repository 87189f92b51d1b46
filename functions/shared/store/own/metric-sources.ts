import type { WriteBatch } from '@google-cloud/firestore';
import { MINUTE_MS } from '../../dates.ts';
import type { Log } from '../../log.ts';
import type { MetricSource } from '../../model/day/day.ts';
import { type MetricSourceRecord, metricSourceSchema } from '../../model/day/metric-source.ts';
import { withTimeout } from '../firestore/firestore.ts';
import type { Tally } from '../firestore/read-options.ts';
import type { Collections } from './collections.ts';
import { put, type Seen, seenOf } from './records.ts';

const LIMIT_MS = MINUTE_MS;

/** How the metric sources fared so far. Written only inside a run's commits. */
export interface MetricSourceStore {
  /** The record of each of `sources`. */
  load(sources: readonly MetricSource[], tally: Tally): Promise<Map<MetricSource, Seen<MetricSourceRecord>>>;

  /** Adds to `batch` how a source stands now. */
  put(batch: WriteBatch, seen: Seen<MetricSourceRecord>, record: MetricSourceRecord): void;
}

export function metricSourceStore({ metricSources }: Collections, log: Log): MetricSourceStore {
  return {
    async load(sources, tally) {
      const refs = sources.map((source) => metricSources.doc(source));
      const call = metricSources.firestore.getAll(...refs);
      const found = await withTimeout(log, 'metric sources', LIMIT_MS, call);
      tally.documents += found.length;
      return new Map(
        found.map((document, index) => [
          sources[index] as MetricSource,
          seenOf(document, metricSourceSchema),
        ]),
      );
    },

    put(batch, seen, record) {
      put(batch, seen, record);
    },
  };
}

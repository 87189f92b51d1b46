import type { TestContext } from 'node:test';
import type { Firestore, WriteResult } from '@google-cloud/firestore';
import type { Platform } from '../../functions/collect-metrics/sources/ask-platform.ts';
import { collectMetrics } from '../../functions/collect-metrics/task.ts';
import type { CatalogEntry } from '../../functions/shared/catalog.ts';
import { addDays, type Day, daysBetween, MINUTE_MS } from '../../functions/shared/dates.ts';
import { createLog, type Log } from '../../functions/shared/log.ts';
import { type DailyMetrics, daySchema } from '../../functions/shared/model/day/day.ts';
import type { Source } from '../../functions/shared/model/job/source.ts';
import type { Answer } from '../../functions/shared/run/answer.ts';
import { decode } from '../../functions/shared/store/firestore/firestore.ts';
import type { Collections } from '../../functions/shared/store/own/collections.ts';
import { dayStore } from '../../functions/shared/store/own/days.ts';
import { metricSourceStore } from '../../functions/shared/store/own/metric-sources.ts';
import { type JobStore, jobStore } from '../../functions/shared/store/sources/jobs.ts';
import { quietDay } from './days.ts';
import { freshFirestore, lentFirestore, writeDocuments } from './firestore.ts';
import { type RecordWords, recordOf, sourceOf, utc } from './jobs.ts';
import { taskRuns } from './task-runs.ts';

const TASK = 'collect-metrics';
const SILENT = createLog({}, () => undefined);

export interface Setup {
  sources?: Record<string, Source>;
  /** Opens the database that a source is read from; the collector's own unless given. */
  openSource?: ((name: string, project: string) => Firestore) | undefined;
  /** The catalogue's entry, changed. */
  entry?: Partial<CatalogEntry>;
  monotonicMs?: () => number;
  /** The metric sources of the platform; none unless given. */
  platform?: Platform;
  deadlineMs?: number;
  log?: Log;
  /** The days before this one are final already, and nothing happened on them: whole runs collect no 35 days at first. */
  settledBefore?: Day;
  /** Those of them that nobody has collected yet. */
  gaps?: readonly Day[];
}

/**
 * collect-metrics from the delivery to the stored documents, over a database of its own: only the clock is the test's,
 * and a job store can be replaced by one that fails.
 */
export function collector(
  t: TestContext,
  {
    sources = { jobs: sourceOf() },
    openSource,
    entry,
    monotonicMs,
    platform = {},
    deadlineMs = MINUTE_MS,
    log = SILENT,
    settledBefore,
    gaps = [],
  }: Setup = {},
) {
  // What hangs comes late, after the test has ended: nobody else's database may meet that.
  const { db, project } = openSource ? freshFirestore(t) : lentFirestore(t);
  let now = utc('2026-03-10T02:00');
  const { collections, deliver: deliverTo } = taskRuns(TASK, {
    db,
    now: () => now,
    entry,
    monotonicMs,
    log,
  });
  const opened = new Map(
    Object.entries(sources).map(([name, source]) => [
      name,
      jobStore(name, source, openSource?.(name, project) ?? db, SILENT),
    ]),
  );
  let [stores, asked] = [[...opened.values()], platform];
  let limitMs = deadlineMs;
  let replaced: (store: JobStore) => JobStore = (store) => store;

  const settled = settledBefore && settle(collections, settledBefore, gaps);

  /** A delivery that arrives at `at`. */
  async function deliver(
    at: string,
    body: Record<string, unknown> = {},
    headers: Record<string, string> = {},
  ): Promise<Answer> {
    await settled;
    now = utc(at);
    const task = collectMetrics({
      stores: stores.map(replaced),
      platform: asked,
      days: dayStore(collections, log),
      metricSources: metricSourceStore(collections, log),
      deadlineMs: limitMs,
      failuresBeforeAlarm: 3,
    });
    return deliverTo(task, body, headers);
  }

  return {
    db,
    collections,
    days: dayStore(collections, SILENT),
    deliver,

    /** A whole run by Cloud Scheduler, arriving at its slot. */
    onSchedule: (at: string) => deliver(at, {}, slotHeaders(`${at}:00Z`)),

    /** Adds records, or replaces those of the same ids. */
    write: (records: Record<string, RecordWords>, collection = 'jobs') =>
      writeDocuments(
        db,
        collection,
        Object.entries(records).map(([id, words]) => [id, recordOf(words)] as const),
      ),
    remove: (id: string): Promise<WriteResult> => db.collection('jobs').doc(id).delete(),

    /** From now on the stores that a run gets are what `change` makes of them; without it, the real ones again. */
    replaceStores(change: (store: JobStore) => JobStore = (store) => store): void {
      replaced = change;
    },

    /** The deadline of the sources of records from now on. */
    setDeadline(ms: number): void {
      limitMs = ms;
    },

    /** From now on a run has these sources alone, of those that the collector began with, and this platform. */
    configure({ sources: names, platform = asked }: { sources?: string[]; platform?: Platform }): void {
      stores = [...opened].flatMap(([name, store]) => ((names?.includes(name) ?? true) ? [store] : []));
      asked = platform;
    },

    /** The stored day, parsed by the strict schema. Throws when there is none. */
    async day(date: Day): Promise<DailyMetrics> {
      return decode(daySchema, await collections.dailyMetrics.doc(date).get());
    },
    /** The dates that are stored. */
    async storedDates(): Promise<Day[]> {
      return (await collections.dailyMetrics.get()).docs.map((document) => document.id).sort();
    },
    /** The update time of every stored day, to tell whether anything was written. */
    async updateTimes(): Promise<Record<Day, string>> {
      const { docs } = await collections.dailyMetrics.get();
      return Object.fromEntries(
        docs.map((document) => [document.id, document.updateTime.toDate().toISOString()]),
      );
    },
    /** The per-project rows of a day, by project. */
    async rows(date: Day): Promise<Record<string, unknown>> {
      const { docs } = await collections.dailyMetrics.doc(date).collection('projects').get();
      return Object.fromEntries(docs.map((document) => [document.id, document.data()]));
    },
    /** The checks of the days from `from` to `to`, such as "holds holds" or "holds broken". */
    async checks(from: Day, to: Day): Promise<Record<Day, string>> {
      const days = await dayStore(collections, SILENT).range(from, to);
      return Object.fromEntries(
        days.map(({ date, checks }) => [date, `${checks.inFlight.status} ${checks.hoursUsed.status}`]),
      );
    },
  };
}

/** Writes quiet days for all that a run looks at. */
async function settle(collections: Collections, before: Day, gaps: readonly Day[]): Promise<void> {
  const batch = collections.dailyMetrics.firestore.batch();
  for (const date of daysUpTo(addDays(before, -1), 40))
    if (!gaps.includes(date)) batch.set(collections.dailyMetrics.doc(date), quietDay(date));
  await batch.commit();
}

export type Collector = ReturnType<typeof collector>;

/** What Cloud Scheduler sends for a slot. */
export function slotHeaders(slot: string): Record<string, string> {
  return { 'X-CloudScheduler-JobName': TASK, 'X-CloudScheduler-ScheduleTime': slot };
}

/** `count` days that end with `last`. */
export function daysUpTo(last: Day, count: number): Day[] {
  return daysBetween(addDays(last, 1 - count), last);
}

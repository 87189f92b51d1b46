import { type Day, dayOf } from '../shared/dates.ts';
import { isRecordSource, METRIC_SOURCES, type MetricSource } from '../shared/model/day/day.ts';
import { type MetricSourceRecord, recordAfter, recordDropped } from '../shared/model/day/metric-source.ts';
import { PLATFORM_SOURCES, type PlatformSource } from '../shared/model/day/platform.ts';
import type { RunContext, Task, TaskResult } from '../shared/run/task.ts';
import type { Tally } from '../shared/store/firestore/read-options.ts';
import type { DayStore, Watermark } from '../shared/store/own/days.ts';
import type { MetricSourceStore } from '../shared/store/own/metric-sources.ts';
import type { Seen } from '../shared/store/own/records.ts';
import type { JobStore } from '../shared/store/sources/jobs.ts';
import type { DayAccess } from './day/collect-day.ts';
import { type Collection, collectDays } from './day/collect-days.ts';
import { type CollectInput, collectInput, daysNamed } from './input.ts';
import { findChanges, putChanges } from './records/changes.ts';
import { openReaders } from './records/record-reader.ts';
import {
  daysBySource,
  type PlannedDay,
  type StoredDay,
  wholeRunDays,
  windowBefore,
  withinReach,
} from './rules/plan.ts';
import { askPlatform, type Platform } from './sources/ask-platform.ts';
import { summaryOf } from './summary.ts';

/** What collect-metrics is built from. */
export interface CollectTools {
  /** The sources of jobs and of ETL runs. */
  stores: readonly JobStore[];
  platform: Platform;
  days: DayStore;
  metricSources: MetricSourceStore;
  /** How long one reading of records may take. */
  deadlineMs: number;
  /** Failures in a row of a metric source that open an alarm. */
  failuresBeforeAlarm: number;
}

/** Collects the figures of yesterday, and of past days that are missing, not final or in doubt. */
export function collectMetrics(tools: CollectTools): Task<CollectInput> {
  return { name: 'collect-metrics', input: collectInput, run: (run) => collect(run, tools) };
}

async function collect(run: RunContext<CollectInput>, tools: CollectTools): Promise<TaskResult> {
  const { stores, platform, days, metricSources, deadlineMs } = tools;
  const today = dayOf(run.asOf);
  const tally: Tally = { documents: 0 };
  const readers = openReaders(stores, run, { tally, deadlineMs });
  const configured = [
    ...readers.map(({ name }) => name),
    ...PLATFORM_SOURCES.filter((source) => platform[source]),
  ];

  // 1. Choose the days: those that the body names, or those of a whole run.
  const named = daysNamed(run.input, today);
  const [records, stored] = await Promise.all([
    metricSources.load(METRIC_SOURCES, tally),
    named ? new Map() : storedDays(today, days, tally),
  ]);
  const planWith = (dirty: ReadonlySet<Day>): PlannedDay[] =>
    named?.map((date) => ({ date, ask: withinReach(configured, date, today) })) ??
    wholeRunDays(today, stored, { dirty, configured });

  // 2. Ask the platform's sources at once: what they are asked does not depend on changed records.
  const answers = askPlatform(platform, platformDays(planWith(new Set())), run);
  let known: ReadonlyMap<string, Watermark> = new Map();
  let collection: Collection;
  try {
    // 3. A whole run first marks the days that changed records put in doubt.
    const access = { days, readers, tally, answers };
    if (!named) known = await markChangedDays(today, run, access);
    const dirty = await days.dirty(tally);

    // 4. Collect the days, oldest first; a whole run then heals days that do not add up.
    const planned = planWith(new Set(dirty.keys()));
    const facts = { dirty, configured, failingSince: failingSinceOf(records) };
    collection = await collectDays(planned, { today, heals: !named }, run, access, facts);
  } finally {
    answers.stop();
  }

  // 5. Count the failures in a row of each source.
  if (run.whole && !run.dryRun) await countFailures(run, collection, records, { ...tools, configured });

  // 6. Report.
  const { remaining, problems } = collection;
  const notes = readers.flatMap((reader) => reader.notes(known));
  return {
    outcome: remaining.length === 0 && problems.length === 0 ? 'succeeded' : 'partial',
    summary: summaryOf(collection, { notes, documentsRead: tally.documents, dryRun: run.dryRun }),
    problems: [...problems],
  };
}

/** Reads the days of the window, and every unsettled day before it. */
async function storedDays(today: Day, days: DayStore, tally: Tally): Promise<Map<Day, StoredDay>> {
  const wanted = new Set([...windowBefore(today), ...(await days.unsettled(tally))]);
  const seen = await days.load([...wanted], tally);
  return new Map([...seen].flatMap(([date, { data }]) => (data ? [[date, data] as const] : [])));
}

function platformDays(planned: readonly PlannedDay[]): Map<PlatformSource, Day[]> {
  return new Map(
    [...daysBySource(planned)].flatMap(([source, dates]) =>
      isRecordSource(source) ? [] : [[source, dates]],
    ),
  );
}

/** Marks the days that changed records put in doubt. Returns how far changes of each source were known before. */
async function markChangedDays(
  today: Day,
  run: RunContext<CollectInput>,
  { days, readers, tally }: DayAccess,
): Promise<Map<string, Watermark>> {
  const at = { today, now: run.startedAt };
  const found = await Promise.all(
    readers.map((reader) => reader.tried(() => findChanges(reader, days, at, tally))),
  );
  const changes = found.flatMap((result) => ('read' in result ? [result.read] : []));
  if (!run.dryRun && changes.length > 0)
    await run.commit((batch) => putChanges(batch, days, changes, run.startedAt));
  return new Map(changes.flatMap(({ known }) => [...known]));
}

function failingSinceOf(
  records: ReadonlyMap<MetricSource, Seen<MetricSourceRecord>>,
): Map<MetricSource, Date> {
  return new Map(
    [...records].flatMap(([source, { data }]) =>
      data?.failingSince ? [[source, data.failingSince] as const] : [],
    ),
  );
}

/**
 * Counts the failures in a row of each source that was asked. `failuresBeforeAlarm` of them open an alarm, which closes with
 * the next answer, or when the source is no longer configured.
 */
async function countFailures(
  run: RunContext<CollectInput>,
  { errors }: Collection,
  records: ReadonlyMap<MetricSource, Seen<MetricSourceRecord>>,
  { metricSources, failuresBeforeAlarm, configured }: CollectTools & { configured: readonly MetricSource[] },
): Promise<void> {
  const changes = [...records].flatMap(([source, seen]) => {
    const error = errors.get(source);
    const fared = error !== undefined && { source, error, at: run.startedAt, runId: run.runId };
    const after = configured.includes(source)
      ? fared && recordAfter(seen.data, fared, failuresBeforeAlarm)
      : recordDropped(seen.data, run.runId);
    return after ? [{ seen, ...after }] : [];
  });
  if (changes.length === 0) return;
  await run.commit(
    (batch) => {
      for (const { seen, record } of changes) metricSources.put(batch, seen, record);
    },
    {
      open: changes.flatMap(({ open }) => open),
      close: changes.flatMap(({ close }) => close),
      reword: changes.flatMap(({ reword }) => reword),
    },
  );
}

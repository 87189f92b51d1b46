import { pooledMap } from '../../shared/concurrency.ts';
import { addMs, DAY_MS, HOUR_MS } from '../../shared/dates.ts';
import type { JobHealth } from '../../shared/model/job/sweep.ts';
import type { EndedRecord, UnmappedStatus } from '../../shared/model/job/sweep-checkpoint.ts';
import { limitsOf } from '../../shared/model/job/sweep-limits.ts';
import type { Alarm, AlarmToClose } from '../../shared/model/run/alarm.ts';
import type { ReadOptions } from '../../shared/store/firestore/read-options.ts';
import type { JobHealthStore } from '../../shared/store/own/job-health.ts';
import type { SweepCheckpointStore } from '../../shared/store/own/sweep-checkpoints.ts';
import type { ActiveJobStore } from '../../shared/store/sources/active-jobs.ts';
import { whyNotDoubled } from '../rules/double-run.ts';
import { watchedAgain } from '../rules/found-alive.ts';
import type { SweepResult } from '../sweep/sweep-result.ts';
import type { Scope, SweepTools } from '../sweep/sweep-tools.ts';
import { alarmsAbout, type Standing } from './alarms.ts';
import { checkpointAfter, isWrong, unknownOf } from './checkpoint.ts';
import { type Ages, healthAfter } from './job-health.ts';

/** Jobs that are said to run twice, of which one sweep reads so many, so many at once. */
const MOST_DOUBLED = 50;
const READ_AT_ONCE = 5;

/** The stores to which a whole sweep writes its checkpoint, job health and alarms. */
export interface SaveTools extends SweepTools {
  checkpoints: SweepCheckpointStore;
  jobHealth: JobHealthStore;
  /** Every alarm that is open. */
  openAlarms: readonly Alarm[];
}

/** Counts a source's jobs by their age. */
export async function countAges(
  { source, counts }: ActiveJobStore,
  now: Date,
  options: ReadOptions,
): Promise<Ages> {
  const longSince = addMs(now, -source.sweep.longRunning.hours * HOUR_MS);
  const [longRunning, recent24h] = await Promise.all([
    counts.runningSince(longSince, options),
    counts.newSince(addMs(now, -DAY_MS), options),
  ]);
  return { longRunning, recent24h };
}

/** Looks once a day for unmapped statuses; `null` when it is not time yet. */
export async function auditStatuses(
  store: ActiveJobStore,
  auditedAt: Date | null,
  now: Date,
  options: ReadOptions,
): Promise<UnmappedStatus[] | null> {
  const isDue = !auditedAt || addMs(auditedAt, DAY_MS) <= now;
  return isDue ? store.unmapped(options) : null;
}

/** Reads again what sweeps ended in the last day, as far as it is not known to have been wrong. */
export async function watchEnded(
  store: ActiveJobStore,
  ended: readonly EndedRecord[],
  options: ReadOptions,
): Promise<EndedRecord[]> {
  const quiet = ended.filter((one) => !isWrong(one));
  const seen = await store.again(quiet, options);
  return watchedAgain(ended, new Map(seen.map(({ path, job }) => [path, job])));
}

/** The alarms of jobs that ran twice at once and do so no more, with why; of at most MOST_DOUBLED, those that broke first. */
export async function doubledNoMore(
  store: ActiveJobStore,
  openAlarms: readonly Alarm[],
  now: Date,
  options: ReadOptions,
): Promise<AlarmToClose[]> {
  const open = openAlarms
    .filter(({ kind, subject }) => kind === 'double-run' && subject === store.name)
    .sort((a, b) => a.brokenAt.getTime() - b.brokenAt.getTime());
  const closed = await pooledMap(open.slice(0, MOST_DOUBLED), READ_AT_ONCE, async ({ id, job: named }) => {
    if (named === undefined) return [];
    const job = (await store.named(named, options))?.job ?? null;
    const because = whyNotDoubled(job, limitsOf(store.source.sweep, job?.type ?? ''), now);
    return because === null ? [] : [{ id, because }];
  });
  return closed.flat();
}

/** What was read beside a sweep; `null` for what could not be read or was not due. */
export interface Beside {
  ages: Ages | null;
  unmapped: UnmappedStatus[] | null;
  watched: EndedRecord[] | null;
  /** Alarms to close of jobs that ran twice at once. */
  undoubled: AlarmToClose[] | null;
}

/**
 * Writes what a whole sweep of a source leaves: its checkpoint, the alarms about its jobs and, where they could be counted,
 * how they stand; in one commit. Returns how many sightings are too many to be kept.
 */
export async function saveSweep(
  store: ActiveJobStore,
  sweep: SweepResult,
  { checkpoint }: Scope,
  { ages, unmapped, watched, undoubled }: Beside,
  { run, checkpoints, jobHealth, openAlarms, options }: SaveTools,
): Promise<number> {
  const { name, source } = store;
  const now = run.startedAt;
  const { runId } = run;
  const next = checkpointAfter(checkpoint, {
    ...sweep,
    now,
    runId,
    unmapped,
    watched: watched ?? checkpoint.ended,
  });
  const longSince = addMs(now, -source.sweep.longRunning.hours * HOUR_MS);
  const health = ages && healthAfter({ ...ages, ended: next.ended }, sweep, longSince, now);
  const open = openAlarms.filter(({ subject }) => subject === name);
  const longRunning = health && (await tooManyLong(store, health, open, options));
  const alarms = alarmsAbout(
    {
      source: name,
      overdue: sweep.results.overdue,
      stalled: sweep.results.stalled,
      complete: sweep.complete,
      unknown: unknownOf(next),
      longRunning,
      foundAlive: next.ended.filter(({ alive }) => alive !== null),
    },
    open,
    now,
  );
  let forgotten = 0;
  await run.commit(
    (batch) => {
      forgotten = checkpoints.put(batch, name, next);
      if (health) jobHealth.put(batch, health);
    },
    { ...alarms, close: [...alarms.close, ...(undoubled ?? [])] },
  );
  return forgotten;
}

async function tooManyLong(
  { source, counts }: ActiveJobStore,
  { longRunning, at }: JobHealth,
  open: readonly Alarm[],
  options: ReadOptions,
): Promise<Standing['longRunning']> {
  const { hours, jobs: most } = source.sweep.longRunning;
  if (most === undefined || longRunning <= most) return null;
  const longerThanMs = hours * HOUR_MS;
  // An alarm that is open keeps its date.
  const known = open.find(({ kind }) => kind === 'long-running')?.brokenAt;
  const first = known ? null : await counts.startOf(most + 1, options);
  const brokenAt = known ?? (first ? addMs(first, longerThanMs) : at);
  return { jobs: longRunning, most, longerThanMs, brokenAt };
}

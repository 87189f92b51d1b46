import { type Day, earlierOf, endOfDay, HOUR_MS, laterOf, startOfDay } from '../../shared/dates.ts';
import type { Figures, GpuFigures, JobFigures, ProjectRow } from '../../shared/model/day/day.ts';
import type { Job } from '../../shared/model/job/job.ts';
import { type Fault, type Life, lifeOf, unreadAmounts } from '../../shared/model/job/life.ts';
import { newFaults } from './faults.ts';

/** Longer names are cut off: a day stores those of all projects. */
const LONGEST_PROJECT = 200;

/**
 * Computes the figures of a day. A pure function of the job records: `now` matters only for jobs that still run.
 *
 * A job counts as ended on the day of its end, whenever it began, and its GPU-hours are split over the days on which they
 * were used. With the jobs in flight at the day's end, nothing can fall between two days; checks.ts proves that. A faulty
 * record that names no day is reported where `reportsUndated` returns true for its id.
 */
export function figuresOf(
  day: Day,
  jobs: Iterable<Job>,
  now: Date,
  reportsUndated: (id: string) => boolean = () => false,
): Figures {
  const total = newSum();
  const projects = new Map<string, Sum>();
  const faults = newFaults();
  const members: string[] = [];
  let inferredEnds = 0;
  // Sorted, because sums of fractions in another order would differ in their last digits.
  const sorted = [...jobs].sort((a, b) => (a.name < b.name ? -1 : 1));
  for (const job of sorted) {
    const life = lifeOf(job, now);
    if (life.kind === 'fault') {
      if (isReported(life, day, () => reportsUndated(job.id))) faults.add(life.fault, job.id, life.because);
      continue;
    }
    const share = shareOf(life, job.gpus, day);
    if (!share) continue;
    if (life.skewed && share.ended) faults.add('skewed', job.id, 'ended before it started');
    if (share.ended && job.added.endInferred) inferredEnds += 1;
    if (share.started || share.ended) {
      for (const because of unreadAmounts(job)) faults.add('malformed', job.id, because);
      members.push(job.name);
    }
    const project = job.project.slice(0, LONGEST_PROJECT);
    add(total, share, job);
    const row = projects.get(project) ?? newSum();
    projects.set(project, row);
    add(row, share, job);
  }
  return {
    ...figuresOfSum(total),
    projects: [...projects]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(
        ([project, sum]): ProjectRow => ({ project, ...figuresOfSum(sum), artifactBytes: sum.artifactBytes }),
      ),
    faults: faults.report(),
    inferredEnds,
    members,
  };
}

/** Whether a fault is reported on `day`. */
function isReported({ reported }: Fault, day: Day, whenFound: () => boolean): boolean {
  if (reported === 'when found') return whenFound();
  return 'on' in reported ? reported.on === day : reported.from <= day;
}

/** The part of one job that counts on one day. */
interface Share {
  started: boolean;
  ended: Life['outcome'];
  neverStarted: boolean;
  inFlight: boolean;
  usedMs: number;
  completedMs: number;
  accruedMs: number;
}

function shareOf({ start, end, usedUntil, outcome }: Life, gpus: number, day: Day): Share | null {
  const from = startOfDay(day);
  const to = endOfDay(day);
  const on = (instant: Date | null) => instant !== null && instant >= from && instant < to;
  const ended = on(end) ? outcome : null;
  const inFlight = start !== null && start < to && (end === null || end >= to);
  if (!ended && !inFlight) return null;
  const soFar = earlierOf(usedUntil, to);
  const gpuMs = (since: Date | null, until: Date) =>
    since ? gpus * Math.max(0, until.getTime() - since.getTime()) : 0;
  return {
    started: on(start),
    ended,
    neverStarted: ended !== null && start === null,
    inFlight,
    usedMs: gpuMs(start && laterOf(start, from), soFar),
    completedMs: ended && end ? gpuMs(start, end) : 0,
    accruedMs: inFlight ? gpuMs(start, soFar) : 0,
  };
}

interface Sum extends JobFigures {
  usedMs: number;
  completedMs: number;
  accruedMs: number;
  artifactBytes: number | null;
}

function newSum(): Sum {
  const counts: JobFigures = {
    started: 0,
    completed: 0,
    failed: 0,
    cancelled: 0,
    neverStarted: 0,
    inFlight: 0,
  };
  return { ...counts, usedMs: 0, completedMs: 0, accruedMs: 0, artifactBytes: null };
}

function add(sum: Sum, share: Share, { artifactBytes }: Job): void {
  if (share.started) sum.started += 1;
  if (share.ended) sum[share.ended] += 1;
  if (share.neverStarted) sum.neverStarted += 1;
  if (share.inFlight) sum.inFlight += 1;
  sum.usedMs += share.usedMs;
  sum.completedMs += share.completedMs;
  sum.accruedMs += share.accruedMs;
  // The bytes stay `null`, which is unknown, until the record of any job has them.
  if (share.ended && artifactBytes !== null) sum.artifactBytes = (sum.artifactBytes ?? 0) + artifactBytes;
}

function figuresOfSum({ usedMs, completedMs, accruedMs, artifactBytes: _, ...jobs }: Sum): {
  jobs: JobFigures;
  gpu: GpuFigures;
} {
  return {
    jobs,
    gpu: { hoursUsed: hours(usedMs), hoursCompleted: hours(completedMs), hoursAccrued: hours(accruedMs) },
  };
}

/** Rounds to a millionth of an hour, so that equal records give equal figures. */
function hours(ms: number): number {
  return Math.round((ms / HOUR_MS) * 1e6) / 1e6;
}

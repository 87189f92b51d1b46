import { type Day, dayOf, earlierOf, endOfDay, HOUR_MS, laterOf, startOfDay } from '../shared/dates.ts';
import type { Figures, GpuFigures, JobFigures, ProjectRow, RecordFaults } from '../shared/model/day.ts';
import { isUnreadable, type Job } from '../shared/model/job.ts';

/** Ids of faulty records that are told, by fault. */
const FAULTS_TOLD = 100;
/** Fields whose value enters a figure: a record in which one cannot be read is told. */
const AMOUNTS = ['gpus', 'artifactBytes'];

/**
 * The figures of a day, a pure function of the job records: `now` counts only for what still runs. A job is counted as
 * ended on the day of its end wherever it began, and its GPU-hours are split over the days they were used on: together
 * with what is in flight at the day's end, nothing can fall between two days (checks.ts proves it).
 */
export function figuresOf(day: Day, jobs: Iterable<Job>, now: Date): Figures {
  const total = newSum();
  const projects = new Map<string, Sum>();
  const faults = { skewed: new Set<string>(), malformed: new Set<string>(), unmapped: new Set<string>() };
  const members: string[] = [];
  // In one order whatever the order of arrival: sums of fractions would differ in their last digits otherwise.
  const sorted = [...jobs].sort((a, b) => (a.name < b.name ? -1 : 1));
  for (const job of sorted) {
    const read = lifeOf(job);
    if (read.kind === 'fault') {
      if (read.day === day) faults[read.fault].add(job.id);
      continue;
    }
    const share = shareOf(read.life, job.gpus, day, now);
    if (!share) continue;
    if (read.life.skewed && share.ended) faults.skewed.add(job.id);
    const mattered = share.started || share.ended;
    if (mattered && job.unreadable.some(({ field }) => AMOUNTS.includes(field))) faults.malformed.add(job.id);
    if (share.started || share.ended) members.push(job.name);
    add(total, share, job);
    const row = projects.get(job.project) ?? newSum();
    projects.set(job.project, row);
    add(row, share, job);
  }
  return {
    ...figuresOfSum(total),
    projects: [...projects]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(
        ([project, sum]): ProjectRow => ({ project, ...figuresOfSum(sum), artifactBytes: sum.artifactBytes }),
      ),
    faults: faultsOf(faults),
    members,
  };
}

/** When a job ran, its record's faults mended or named. `end` is `null` while it runs, `start` if it never did. */
interface Life {
  start: Date | null;
  end: Date | null;
  outcome: 'completed' | 'failed' | 'cancelled' | null;
  skewed: boolean;
}

type ReadLife =
  | { kind: 'life'; life: Life }
  | { kind: 'fault'; fault: 'malformed' | 'unmapped'; day: Day | null };

function lifeOf(job: Job): ReadLife {
  // A day on which a query finds the record, so that somebody is told.
  const seenAt = job.endedAt ?? job.startedAt ?? job.createdAt ?? job.updatedAt;
  const fault = (kind: 'malformed' | 'unmapped'): ReadLife => ({
    kind: 'fault',
    fault: kind,
    day: seenAt && dayOf(seenAt),
  });
  const life = (it: Omit<Life, 'skewed'> & { skewed?: boolean }): ReadLife => ({
    kind: 'life',
    life: { skewed: false, ...it },
  });
  switch (job.state) {
    case 'unknown':
      return fault('unmapped');
    case 'queued':
      // A job that was queued again counts as its latest attempt, which has not started.
      return life({ start: null, end: null, outcome: null });
    case 'running':
    case 'suspended':
      return job.startedAt ? life({ start: job.startedAt, end: null, outcome: null }) : fault('malformed');
    default: {
      const { startedAt: start, endedAt: end, state: outcome } = job;
      if (!end || isUnreadable(job, 'startedAt')) return fault('malformed');
      const skewed = start !== null && end < start;
      return life({ start: skewed ? end : start, end, outcome, skewed });
    }
  }
}

/** What one job adds to one day. */
interface Share {
  started: boolean;
  ended: Life['outcome'];
  neverStarted: boolean;
  inFlight: boolean;
  usedMs: number;
  completedMs: number;
  accruedMs: number;
}

function shareOf({ start, end, outcome }: Life, gpus: number, day: Day, now: Date): Share | null {
  const from = startOfDay(day);
  const to = endOfDay(day);
  const on = (instant: Date | null) => instant !== null && instant >= from && instant < to;
  const ended = on(end) ? outcome : null;
  const inFlight = start !== null && start < to && (end === null || end >= to);
  if (!ended && !inFlight) return null;
  const soFar = earlierOf(end ?? now, to);
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
  // A job whose record says nothing of artifacts has none that are known; where no record does, nothing is known at all.
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

/** To a millionth of an hour, so that equal records give equal figures. */
function hours(ms: number): number {
  return Math.round((ms / HOUR_MS) * 1e6) / 1e6;
}

function faultsOf(faults: Record<'skewed' | 'malformed' | 'unmapped', Set<string>>): RecordFaults {
  const told = (ids: Set<string>) => [...ids].slice(0, FAULTS_TOLD);
  return {
    skewed: told(faults.skewed),
    malformed: told(faults.malformed),
    unmapped: told(faults.unmapped),
    totals: { skewed: faults.skewed.size, malformed: faults.malformed.size, unmapped: faults.unmapped.size },
  };
}

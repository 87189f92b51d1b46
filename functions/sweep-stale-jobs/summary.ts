import { SECOND_MS } from '../shared/dates.ts';
import type { Summary } from '../shared/model/run.ts';
import type { UnmappedStatus } from '../shared/model/sweep-marks.ts';
import type { Judged, Written } from './judge.ts';
import type { Sweep } from './sweep-source.ts';

/** Of so many jobs a run tells one by one. */
const MOST_VERDICTS = 300;

/** What a sweep tells of itself besides. */
export interface Told {
  missedSlots: number;
  expiredLeases: number;
  scheduleDrift: string[] | null;
  unmapped: (UnmappedStatus & { source: string })[];
  /** Whether the verdicts are told one by one. */
  verdicts: boolean;
  documentsRead: number;
  /** Of those, what the daily look for unmapped statuses took. */
  auditDocumentsRead: number;
}

/**
 * What a sweep found and did. Each suspect counts once: those written, and in a dry run those that would be, by how they
 * ended; an execution so ended as fixed. `scanned` may be more by those without which nobody can judge.
 */
export function summaryOf(sweeps: readonly Sweep[], now: Date, told: Told): Summary {
  const judged = sweeps.flatMap((sweep) => sweep.judged);
  const ending = judged.filter(({ written }) => written === 'yes' || written === 'dry run');
  const jobs = ending.filter(({ found }) => !found.isExecution);
  const { verdicts, ...rest } = told;
  return {
    scanned: judged.length,
    kept: count(judged, ({ verdict }) => verdict.kind === 'keep'),
    finished: count(jobs, ({ verdict }) => verdict.kind === 'finish'),
    failed: count(jobs, ({ verdict }) => verdict.kind === 'fail'),
    lost: count(jobs, ({ verdict }) => verdict.kind === 'lost'),
    unknown: count(judged, ({ verdict }) => verdict.kind === 'unknown'),
    held: count(judged, ({ written }) => written === 'held'),
    observed: count(judged, ({ written }) => written === 'observe'),
    skippedRace: count(judged, ({ written }) => written === 'race'),
    executionsFixed: ending.length - jobs.length,
    overdue: count(judged, ({ verdict }) => verdict.kind === 'keep' && verdict.overdue),
    hitLimit: sweeps.some(({ cursor }) => cursor !== null),
    oldestBacklogSeconds: oldestBacklogSeconds(sweeps, now),
    detectionSeconds: detectionSeconds(judged, now),
    ...rest,
    ...(verdicts && verdictsOf(sweeps)),
  };
}

function count(judged: readonly Judged[], isOne: (one: Judged) => boolean): number {
  return judged.filter(isOne).length;
}

/** How long the oldest of what was found and not gone through has shown nothing; `null` when nothing was left. */
function oldestBacklogSeconds(sweeps: readonly Sweep[], now: Date): number | null {
  const ages = sweeps.flatMap(({ cursor, left, judged }) =>
    // Where not even that was read which is left, it is younger than what was read last.
    (left.length > 0
      ? left.map(({ seen }) => seen)
      : cursor
        ? judged.slice(-1).map(({ found }) => found.seen)
        : []
    )
      .map(({ job }) => job.heartbeatAt ?? job.startedAt ?? job.createdAt)
      .flatMap((at) => (at ? secondsBetween(at, now) : [])),
  );
  return ages.length > 0 ? ages.reduce((a, b) => Math.max(a, b)) : null;
}

/** How long records lied before they were ended, by the instant at which their limit was broken. */
function detectionSeconds(
  judged: readonly Judged[],
  now: Date,
): Record<'p50' | 'p95' | 'max', number | null> {
  const seconds = judged
    .flatMap(({ verdict: { brokenAt }, written }) => (written === 'yes' && brokenAt ? [brokenAt] : []))
    .map((brokenAt) => secondsBetween(brokenAt, now))
    .sort((a, b) => a - b);
  const at = (share: number) => seconds[Math.ceil(share * seconds.length) - 1] ?? null;
  return { p50: at(0.5), p95: at(0.95), max: at(1) };
}

function verdictsOf(sweeps: readonly Sweep[]): Summary {
  const order = (kind: string) => ['unknown', 'keep'].indexOf(kind);
  const all = sweeps
    .flatMap(({ source, judged }) => judged.map((one) => rowOf(source, one)))
    .sort((a, b) => order(a.verdict) - order(b.verdict));
  const omitted = all.length - MOST_VERDICTS;
  return { verdicts: all.slice(0, MOST_VERDICTS), ...(omitted > 0 && { verdictsOmitted: omitted }) };
}

function rowOf(source: string, { found, suspect, verdict, written }: Judged) {
  const { job, parent, truth } = suspect;
  const told: Written = 'state' in verdict ? written : 'no';
  return {
    source,
    job: (parent ?? job).id,
    execution: found.isExecution ? job.id : null,
    recordSays: job.status,
    backendSays: truth?.said ?? null,
    verdict: verdict.kind,
    rule: verdict.rule,
    because: verdict.because,
    written: told,
    endedAt: 'endedAt' in verdict ? verdict.endedAt.toISOString() : null,
  };
}

function secondsBetween(from: Date, to: Date): number {
  return Math.round((to.getTime() - from.getTime()) / SECOND_MS);
}

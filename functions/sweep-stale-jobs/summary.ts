import { SECOND_MS } from '../shared/dates.ts';
import { MOST_VERDICTS } from '../shared/model/job/sweep.ts';
import type { UnmappedStatus } from '../shared/model/job/sweep-checkpoint.ts';
import type { Summary } from '../shared/model/run/run.ts';
import type { CandidateResult, CandidateResults } from './sweep/results.ts';
import type { SweepResult } from './sweep/sweep-result.ts';

/** The verdicts in a summary take at most so much: a run's record holds 1 MiB. */
const MOST_BYTES = 200 * 1024;

/** What the summary of a sweep holds besides its results. */
export interface SummaryInput {
  missedSlots: number;
  expiredLeases: number;
  scheduleDrift: string[] | null;
  /** How many jobs that sweeps ended in the last day were found to be alive by this one. */
  falseLost: number;
  unmapped: (UnmappedStatus & { source: string })[];
  /** Whether every verdict is listed, and not only those that ended something. */
  verdicts: boolean;
  documentsRead: number;
  /** How many of those the daily audit of statuses read. */
  auditDocumentsRead: number;
}

/**
 * The summary of a sweep. Each candidate counts once: those ended, and in a dry run those that would be, by how they ended;
 * an execution that was ended counts as fixed.
 */
export function summaryOf(sweeps: readonly SweepResult[], now: Date, told: SummaryInput): Summary {
  const all = sweeps.flatMap(({ results }) => results.each);
  const ending = all.filter(({ disposition }) => disposition === 'yes' || disposition === 'dry run');
  const jobs = ending.filter(({ isExecution }) => !isExecution);
  const { verdicts, ...rest } = told;
  return {
    scanned: all.length,
    kept: count(all, ({ kind }) => kind === 'keep'),
    finished: count(jobs, ({ kind }) => kind === 'finish'),
    failed: count(jobs, ({ kind }) => kind === 'fail'),
    lost: count(jobs, ({ kind }) => kind === 'lost'),
    unknown: count(all, ({ kind }) => kind === 'unknown'),
    held: count(all, ({ disposition }) => disposition === 'held'),
    observed: count(all, ({ disposition }) => disposition === 'observe'),
    skippedRace: count(all, ({ disposition }) => disposition === 'race'),
    executionsFixed: ending.length - jobs.length,
    overdue: count(all, ({ kind, overdue }) => kind === 'keep' && overdue),
    hitLimit: sweeps.some(({ cursor }) => cursor !== null),
    oldestBacklogSeconds: oldestBacklogSeconds(sweeps, now),
    detectionSeconds: detectionSeconds(all, now),
    ...rest,
    ...(verdicts ? verdictsOf(sweeps) : endedOf(sweeps)),
  };
}

function count(results: readonly CandidateResult[], isOne: (one: CandidateResult) => boolean): number {
  return results.filter(isOne).length;
}

/** How long the oldest candidate that was left has shown no life; `null` when none was left. */
function oldestBacklogSeconds(sweeps: readonly SweepResult[], now: Date): number | null {
  const ages = sweeps.flatMap(({ left: { oldestAt } }) => (oldestAt ? secondsBetween(oldestAt, now) : []));
  return ages.length > 0 ? Math.max(...ages) : null;
}

/** How long records were wrong before they were ended, from the instant at which their limit was broken. */
function detectionSeconds(
  results: readonly CandidateResult[],
  now: Date,
): Record<'p50' | 'p95' | 'max', number | null> {
  const seconds = results
    .flatMap(({ brokenAt, disposition }) =>
      disposition === 'yes' && brokenAt ? secondsBetween(brokenAt, now) : [],
    )
    .sort((a, b) => a - b);
  const at = (share: number) => seconds[Math.ceil(share * seconds.length) - 1] ?? null;
  return { p50: at(0.5), p95: at(0.95), max: at(1) };
}

/** Each verdict, those that ended something first. */
function verdictsOf(sweeps: readonly SweepResult[]): Summary {
  const verdicts = rowsOf(sweeps, ['ended', 'ending', 'unknown', 'keep']);
  const omitted = sweeps.reduce((sum, { results }) => sum + results.each.length, 0) - verdicts.length;
  return { verdicts, ...(omitted > 0 && { verdictsOmitted: omitted }) };
}

/** What was ended, by which verdict and why. */
function endedOf(sweeps: readonly SweepResult[]): Summary {
  const ended = rowsOf(sweeps, ['ended']);
  const all = sweeps.flatMap(({ results }) => results.each);
  const omitted = count(all, ({ disposition }) => disposition === 'yes') - ended.length;
  return { ended, ...(omitted > 0 && { endedOmitted: omitted }) };
}

/** The rows of those kinds, as many as a record can hold. */
function rowsOf(sweeps: readonly SweepResult[], kinds: readonly (keyof CandidateResults['rows'])[]) {
  const rows = kinds.flatMap((kind) =>
    sweeps.flatMap(({ source, results }) => results.rows[kind].map((row) => ({ source, ...row }))),
  );
  let left = MOST_BYTES;
  const fitting = rows.slice(0, MOST_VERDICTS).findIndex((row) => {
    left -= Buffer.byteLength(JSON.stringify(row));
    return left < 0;
  });
  return rows.slice(0, fitting === -1 ? MOST_VERDICTS : fitting);
}

function secondsBetween(from: Date, to: Date): number {
  return Math.round((to.getTime() - from.getTime()) / SECOND_MS);
}

import { type Day, endOfDay } from '../../shared/dates.ts';
import {
  type Checks,
  type DailyMetrics,
  type Figures,
  isRecordSource,
  isSettled,
  type MetricSource,
  type ProjectRow,
  type RecordFaults,
  type Revision,
  sectionsOf,
} from '../../shared/model/day/day.ts';
import type { AlarmChanges } from '../../shared/model/run/alarm.ts';
import { stable } from '../../shared/model/stable.ts';
import { type Accepted, accept, type Results } from './accept.ts';
import { type DayBefore, recheck } from './checks.ts';
import { conflictAfter } from './conflict.ts';

/** The answers of the sources that were asked for a day. */
export interface DayAnswers {
  /** When they were asked. */
  at: Date;
  results: Results;
}

/** What a collection depends on besides the stored day and the answers. */
export interface Circumstances {
  date: Day;
  runId: string;
  before: DayBefore;
  /** The sources that a day needs to be final. */
  configured: readonly MetricSource[];
  /** Since when each failing source fails. */
  failingSince: ReadonlyMap<MetricSource, Date>;
  /** Why the day is dirty, where it is. */
  cause: string | undefined;
  /** Names of jobs that were counted before and whose records no longer exist. */
  vanished: string[];
  /** Names of jobs that the day counts and whose records were not read now. */
  kept: string[];
}

/** A day after a collection, and what is written for it. */
export interface Revised extends Required<AlarmChanges> {
  day: DailyMetrics;
  /** Whether any figure is new or differs from the stored one. */
  figuresChanged: boolean;
  /** Whether anything is to be written at all. */
  write: boolean;
  /** The figures that were replaced. */
  revision: Revision | null;
  /** The rows of the projects, where they changed. */
  rows: ProjectRow[] | null;
  /** The names of the jobs that the day counts, where they changed. */
  members: string[] | null;
}

const UNKNOWN = { status: 'unknown' as const, expected: null, actual: null };
const NO_FAULTS: RecordFaults = {
  skewed: [],
  malformed: [],
  unmapped: [],
  totals: { skewed: 0, malformed: 0, unmapped: 0 },
  reasons: [],
};

/**
 * Revises a stored day after a new collection. Changed figures are stored whole, and the old ones are kept as a revision. A
 * source that failed never replaces a good section, and a figure that is unknown is never zero.
 */
export function revise(
  stored: DailyMetrics | null,
  { at, results }: DayAnswers,
  circumstances: Circumstances,
): Revised {
  const { date, runId, before, configured, failingSince, vanished } = circumstances;
  const accepted = accept(stored, results, { at, closed: at >= endOfDay(date), failingSince });
  const { sections, states, records, changed } = accepted;
  const figuresChanged = changed.length > 0;
  const members =
    records.jobs || records.etl
      ? [...circumstances.kept, ...(records.jobs?.members ?? []), ...(records.etl?.members ?? [])].sort()
      : null;
  const { conflict, ...alarms } = conflictAfter(stored, sections, date, vanished, members);
  const final = configured.every((source) => isSettled(states[source]));
  const status = conflict ? 'conflict' : final ? 'final' : 'provisional';
  const day: DailyMetrics = {
    date,
    status,
    revision: Math.max(1, (stored?.revision ?? 0) + (figuresChanged ? 1 : 0)),
    collectedAt: figuresChanged || !stored ? at : stored.collectedAt,
    settledSince: settledSince(states, configured),
    finalAt: status === 'final' ? (stored?.finalAt ?? at) : null,
    ...sections,
    sources: states,
    checks: faultsAfter(stored, accepted),
    conflict,
    members: members?.length ?? stored?.members ?? 0,
    projects: records.jobs?.projects.map((row) => row.project) ?? stored?.projects ?? [],
    runId: figuresChanged || !stored ? runId : stored.runId,
  };
  day.checks = recheck(day, before);
  return {
    day,
    figuresChanged,
    write: figuresChanged || differs(stored, day),
    revision: stored && figuresChanged ? revisionOf(stored, at, changed, circumstances) : null,
    rows: changed.includes('jobs') ? (records.jobs?.projects ?? null) : null,
    members: changed.some(isRecordSource) ? members : null,
    ...alarms,
  };
}

/** Returns the faults of the records that were read now; the checks themselves are made afterwards. */
function faultsAfter(stored: DailyMetrics | null, { records, sections }: Accepted): Checks {
  const faultsOf = (figures: Figures) => ({ ...figures.faults, inferredEnds: figures.inferredEnds });
  const etl = records.etl ? { inFlight: UNKNOWN, ...faultsOf(records.etl) } : (stored?.checks.etl ?? null);
  return {
    ...(stored?.checks ?? { inFlight: UNKNOWN, hoursUsed: UNKNOWN, ...NO_FAULTS, inferredEnds: 0 }),
    ...(records.jobs && faultsOf(records.jobs)),
    etl: sections.etl && etl,
  };
}

/** Returns since when the figures of every configured source are settled; `null` while those of one are not. */
function settledSince(states: DailyMetrics['sources'], configured: readonly MetricSource[]): Date | null {
  const instants = configured.map((source) => states[source]?.settledSince?.getTime() ?? Number.NaN);
  const latest = Math.max(...instants);
  return Number.isFinite(latest) ? new Date(latest) : null;
}

function revisionOf(
  stored: DailyMetrics,
  at: Date,
  changed: readonly MetricSource[],
  { cause, vanished }: Circumstances,
): Revision {
  const { revision, collectedAt } = stored;
  const why =
    vanished.length > 0
      ? [`${vanished.length} records vanished, e.g. ${vanished[0]}`]
      : changed.map((source) => changeInWords(stored, source, cause));
  const causes = [...new Set(why)].join('; ');
  return { revision, collectedAt, replacedAt: at, cause: causes, ...sectionsOf(stored) };
}

function changeInWords(stored: DailyMetrics, source: MetricSource, cause: string | undefined): string {
  const before = stored.sources[source];
  if (!before) return `${source} is collected for the first time`;
  if (!before.collectedAt) return `${source} answered again`;
  if (before.status === 'partial') return `${source} brought what was missing`;
  if (isRecordSource(source)) return cause ?? `records changed after ${stored.collectedAt.toISOString()}`;
  return `${source} says something else since ${before.collectedAt.toISOString()}`;
}

/** Whether anything changed but the bookkeeping of the collection itself. */
function differs(stored: DailyMetrics | null, day: DailyMetrics): boolean {
  const compared = ({ status, settledSince, sources, checks, conflict }: DailyMetrics) => ({
    status,
    settledSince,
    checks,
    conflict,
    sources: Object.entries(sources)
      .map(([name, source]) => [name, source.status, source.error, isSettled(source)])
      .sort(),
  });
  return !stored || stable(compared(stored)) !== stable(compared(day));
}

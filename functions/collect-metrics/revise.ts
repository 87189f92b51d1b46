import { hash } from 'node:crypto';
import { type Day, endOfDay, HOUR_MS } from '../shared/dates.ts';
import { type AlarmToClose, type AlarmToOpen, alarmId } from '../shared/model/alarm.ts';
import {
  type DailyMetrics,
  endedOf,
  type Figures,
  type JobFigures,
  type Revision,
  type SourceState,
} from '../shared/model/day.ts';
import { checksOf, type DayBefore } from './checks.ts';

/** Two collections this far apart with equal figures, after the day's end, make it final. */
const SETTLE_MS = 20 * HOUR_MS;
const VANISHED_TOLD = 100;
const NO_FAULTS: Figures['faults'] = {
  skewed: [],
  malformed: [],
  unmapped: [],
  totals: { skewed: 0, malformed: 0, unmapped: 0 },
};

/** What one collection brought: figures, or why there are none. */
export interface Collected {
  at: Date;
  durationMs: number;
  figures: Figures | null;
  error: string | null;
}

/** What a collection comes upon, besides the stored day. */
export interface Circumstances {
  date: Day;
  runId: string;
  before: DayBefore;
  /** Why the day was made dirty, when it was. */
  cause: string | undefined;
  /** Names of jobs counted before whose records exist no more. */
  vanished: string[];
}

/** What becomes of a day, and what is written about it. */
export interface Revised {
  day: DailyMetrics;
  /** Whether the figures are new or differ from the stored ones. */
  figuresChanged: boolean;
  /** Whether anything is to be written at all. */
  write: boolean;
  /** The figures that stand no more. */
  revision: Revision | null;
  open: AlarmToOpen[];
  close: AlarmToClose[];
}

/**
 * What becomes of a stored day after a new collection. Recomputed figures are stored whole and the old ones stay as a
 * revision; a source that failed never replaces a good section; nothing is ever shown as zero that is not known.
 */
export function revise(
  stored: DailyMetrics | null,
  collected: Collected,
  circumstances: Circumstances,
): Revised {
  return collected.figures
    ? withFigures(stored, { ...collected, figures: collected.figures }, circumstances)
    : withoutFigures(stored, collected, circumstances);
}

/** Whether the figures sank in a way that only vanished or moved records explain. */
export function sank(stored: DailyMetrics | null, figures: Figures): boolean {
  if (!stored?.jobs || !stored.gpu || figures.members.length >= stored.members) return false;
  return (
    figures.jobs.started < stored.jobs.started ||
    endedOf(figures.jobs) < endedOf(stored.jobs) ||
    figures.gpu.hoursCompleted < stored.gpu.hoursCompleted
  );
}

function withFigures(
  stored: DailyMetrics | null,
  { at, durationMs, figures }: Collected & { figures: Figures },
  circumstances: Circumstances,
): Revised {
  const { date, runId, vanished } = circumstances;
  const fingerprint = fingerprintOf(figures);
  const figuresChanged = !stored || !sameFigures(stored, figures, fingerprint);
  const closed = at >= endOfDay(date);
  const settledSince = closed ? ((figuresChanged ? null : stored?.settledSince) ?? at) : null;
  const settled = settledSince !== null && at.getTime() - settledSince.getTime() >= SETTLE_MS;
  const { conflict, open, close } = conflictAfter(stored, figures, date, vanished);
  const status = conflict
    ? 'conflict'
    : settled || (stored?.status === 'final' && !figuresChanged)
      ? 'final'
      : 'provisional';
  const day: DailyMetrics = {
    date,
    status,
    revision: (stored?.revision ?? 0) + (figuresChanged ? 1 : 0),
    collectedAt: figuresChanged || !stored ? at : stored.collectedAt,
    settledSince,
    finalAt: status === 'final' ? (stored?.finalAt ?? at) : null,
    jobs: figures.jobs,
    gpu: figures.gpu,
    sources: { jobs: { status: 'ok', durationMs, error: null, collectedAt: at } },
    checks: { ...checksOf(figures, circumstances.before), ...figures.faults },
    conflict,
    members: figures.members.length,
    projects: figures.projects.map((row) => row.project),
    fingerprint,
    runId: figuresChanged || !stored ? runId : stored.runId,
  };
  return {
    day,
    figuresChanged,
    write: figuresChanged || differs(stored, day),
    revision: stored && figuresChanged ? revisionOf(stored, at, circumstances) : null,
    open,
    close,
  };
}

function withoutFigures(
  stored: DailyMetrics | null,
  { at, durationMs, error }: Collected,
  circumstances: Circumstances,
): Revised {
  const good = stored?.jobs ? (stored.sources.jobs?.collectedAt ?? stored.collectedAt) : null;
  const state: SourceState = { status: good ? 'stale' : 'failed', durationMs, error, collectedAt: good };
  const day: DailyMetrics = stored
    ? { ...stored, sources: { ...stored.sources, jobs: state } }
    : {
        date: circumstances.date,
        status: 'provisional',
        revision: 1,
        collectedAt: at,
        settledSince: null,
        finalAt: null,
        jobs: null,
        gpu: null,
        sources: { jobs: state },
        checks: {
          inFlight: { status: 'unknown', expected: null, actual: null },
          hoursUsed: { status: 'unknown', expected: null, actual: null },
          ...NO_FAULTS,
        },
        conflict: null,
        members: 0,
        projects: [],
        fingerprint: '',
        runId: circumstances.runId,
      };
  return { day, figuresChanged: false, write: differs(stored, day), revision: null, open: [], close: [] };
}

/** Records that vanished open a conflict; it lasts until the figures are back or a person accepts the new ones. */
function conflictAfter(
  stored: DailyMetrics | null,
  figures: Figures,
  date: Day,
  vanished: string[],
): { conflict: DailyMetrics['conflict']; open: AlarmToOpen[]; close: AlarmToClose[] } {
  const standing = stored?.conflict ?? null;
  if (vanished.length > 0 && stored?.jobs && stored.gpu) {
    const alarm: AlarmToOpen = {
      subject: 'collect-metrics',
      kind: 'conflict',
      brokenAt: endOfDay(date),
      message: sankMessage(date, stored.jobs, figures, vanished.length),
    };
    const conflict = {
      started: Math.max(stored.jobs.started, standing?.started ?? 0),
      ended: Math.max(endedOf(stored.jobs), standing?.ended ?? 0),
      hoursCompleted: Math.max(stored.gpu.hoursCompleted, standing?.hoursCompleted ?? 0),
      vanished: [...new Set([...(standing?.vanished ?? []), ...vanished])].slice(0, VANISHED_TOLD),
      alarmId: alarmId(alarm),
    };
    return { conflict, open: standing ? [] : [alarm], close: [] };
  }
  if (!standing) return { conflict: null, open: [], close: [] };
  const back =
    figures.jobs.started >= standing.started &&
    endedOf(figures.jobs) >= standing.ended &&
    figures.gpu.hoursCompleted >= standing.hoursCompleted;
  return back
    ? { conflict: null, open: [], close: [{ id: standing.alarmId, because: 'the records are back' }] }
    : { conflict: standing, open: [], close: [] };
}

function sankMessage(date: Day, before: JobFigures, { jobs: now }: Figures, vanished: number): string {
  const records = vanished === 1 ? '1 job record' : `${vanished} job records`;
  const started = `${before.started} started, now ${now.started}`;
  const ended = `${endedOf(before)} ended, now ${endedOf(now)}`;
  return `${records} of ${date} vanished: it counted ${started}; ${ended}. Settle it: npm run -s ops -- days accept ${date}`;
}

function revisionOf(stored: DailyMetrics, at: Date, { cause, vanished }: Circumstances): Revision {
  const why =
    vanished.length > 0
      ? `${vanished.length} records vanished, e.g. ${vanished[0]}`
      : (cause ??
        (stored.jobs
          ? `records changed after ${stored.collectedAt.toISOString()}`
          : 'the source answered again'));
  const { revision, collectedAt, jobs, gpu } = stored;
  return { revision, collectedAt, replacedAt: at, cause: why, jobs, gpu };
}

function sameFigures(stored: DailyMetrics, figures: Figures, fingerprint: string): boolean {
  return (
    same(stored.jobs, figures.jobs) && same(stored.gpu, figures.gpu) && stored.fingerprint === fingerprint
  );
}

/** A record that goes from one project to another leaves the day's sums alone, but neither its rows nor its names. */
function fingerprintOf({ projects, members }: Figures): string {
  return hash('sha256', JSON.stringify([projects, members]), 'base64url');
}

/** Whether anything but the bookkeeping of the collection itself is new. */
function differs(stored: DailyMetrics | null, day: DailyMetrics): boolean {
  const told = ({ status, settledSince, sources, checks, conflict }: DailyMetrics) => ({
    status,
    settledSince,
    checks,
    conflict,
    sources: Object.entries(sources).map(([name, source]) => [name, source.status, source.error]),
  });
  return !stored || !same(told(stored), told(day));
}

/** Deep equality of plain values; the order of keys does not matter, for Firestore gives maps back sorted. */
function same(a: unknown, b: unknown): boolean {
  return stable(a) === stable(b);
}

function stable(value: unknown): string {
  return JSON.stringify(value, (_, inner: unknown) =>
    inner !== null && typeof inner === 'object' && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}

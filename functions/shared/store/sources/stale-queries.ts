import { chunksOf } from '../../concurrency.ts';
import { addMs, MINUTE_MS } from '../../dates.ts';
import { type Source, type TimeMapping, wordsFor } from '../../model/job/source.ts';
import type { ACTIVE_STATES, JobState } from '../../model/job/states.ts';
import { allLimits } from '../../model/job/sweep-limits.ts';
import { VALUES_PER_QUERY } from '../firestore/firestore.ts';
import type { JobRange } from '../firestore/time-range.ts';

/** A heartbeat that is further ahead comes from a wrong clock. */
const AHEAD_MS = 5 * MINUTE_MS;

/** A status as it may be stored. */
export type StatusValue = string | number | boolean;

/** One of the queries that find active records which may lie. */
export interface StaleQuery {
  /** Its name in the cursor of a sweep that goes on with it. */
  name: string;
  of: 'jobs' | 'executions';
  state: (typeof ACTIVE_STATES)[number];
  /** Its values of the status field. */
  statuses: StatusValue[];
  /** Whether it selects running jobs by the time that shows life: a running job that no such query selects is alive. */
  tellsLife: boolean;
  /** The condition, by whose field the records are ordered. */
  by:
    | { time: TimeMapping; range: Partial<JobRange> }
    /** Anything in the field at that path. */
    | { filled: string }
    /**
     * Records whose time is missing or of another type; with `null`, all. Firestore cannot select what is missing, so all
     * records of the state are read.
     */
    | { without: TimeMapping | null };
}

/**
 * The queries of a source at `now`. They go by the tightest limits of the source, so a record they select may still be
 * within its own. Executions that began long ago are selected even without a backend to ask: their job decides.
 */
export function staleQueries(source: Source, of: StaleQuery['of'], now: Date): StaleQuery[] {
  const { heartbeatAt, startedAt, createdAt, backendId } = source.fields;
  const limits = allLimits(source.sweep);
  const edges = edgesOf(source, of, now);
  const mayWait = limits.every(({ maxQueuedMs }) => maxQueuedMs === null);

  const queries: StaleQuery[] = [];
  const add = (name: string, state: StaleQuery['state'], by: StaleQuery['by']) => {
    const isClock = 'time' in by && by.time === (heartbeatAt ?? startedAt);
    // A range of ISO text selects others, too.
    const tellsLife = of === 'jobs' && isClock && by.time.type !== 'iso';
    for (const [index, statuses] of chunksOf(valuesOf(source, state), VALUES_PER_QUERY).entries())
      queries.push({ name: `${of}:${name}${index || ''}`, of, state, statuses, tellsLife, by });
  };
  if (heartbeatAt) {
    add('silent', 'running', { time: heartbeatAt, range: { to: edges.silent } });
    add('ahead', 'running', { time: heartbeatAt, range: { from: edges.ahead } });
  }
  add('long', 'running', { time: startedAt, range: { to: edges.long } });
  if (source.backend && backendId) add('submitted', 'queued', { filled: backendId });
  if (source.reports) {
    const told = (field: string) => `${source.addedField}.report.${field}`;
    add('gone', 'running', { filled: told('goneAt') });
    const stalledMs = Math.min(
      ...limits.map(({ stalledAfterMs }) => stalledAfterMs ?? Number.POSITIVE_INFINITY),
    );
    if (of === 'jobs' && stalledMs < Number.POSITIVE_INFINITY) {
      const time: TimeMapping = { path: told('progressAt'), type: 'timestamp' };
      add('stalled', 'running', { time, range: { to: before(now, stalledMs) } });
    }
  }
  // Their silence proves nothing, but their backend may know how they ended, and a resumed one shows life.
  add('suspended', 'suspended', { without: null });
  add('clockless', 'running', { without: heartbeatAt ?? startedAt });
  if (mayWait) return queries;
  const waitingMs = Math.min(...limits.map(({ maxQueuedMs }) => maxQueuedMs ?? Number.POSITIVE_INFINITY));
  if (createdAt) add('waiting', 'queued', { time: createdAt, range: { to: before(now, waitingMs) } });
  add('undated', 'queued', { without: createdAt ?? null });
  return queries;
}

/** The time that shows whether a running job lives, and its range for those that do at `now`. */
export function livelyOf(source: Source, now: Date): { time: TimeMapping; range: JobRange } {
  const { heartbeatAt, startedAt } = source.fields;
  const { silent, long, ahead } = edgesOf(source, 'jobs', now);
  return { time: heartbeatAt ?? startedAt, range: { from: heartbeatAt ? silent : long, to: ahead } };
}

/** Heartbeats before `silent` are too old and after `ahead` too new; starts before `long` are too long ago. */
function edgesOf(source: Source, of: StaleQuery['of'], now: Date): Record<'silent' | 'ahead' | 'long', Date> {
  const limits = allLimits(source.sweep);
  const staleMs = Math.min(...limits.map(({ staleAfterMs, graceMs }) => staleAfterMs + graceMs));
  const runningMs = Math.min(...limits.map(({ maxRuntimeMs }) => maxRuntimeMs));
  // Without heartbeats, the backend is asked about a job as soon as its start is that old.
  const startTells = !source.fields.heartbeatAt && (source.backend !== undefined || of === 'executions');
  return {
    silent: before(now, staleMs),
    ahead: before(now, -AHEAD_MS),
    long: before(now, startTells ? Math.min(staleMs, runningMs) : runningMs),
  };
}

function before(now: Date, ms: number): Date {
  return addMs(now, -ms);
}

/** The values of the status field that mean `state`; a word that reads as a number or a boolean may be stored as one. */
export function valuesOf(source: Pick<Source, 'statuses'>, state: JobState): StatusValue[] {
  return wordsFor(source, state).flatMap((word): StatusValue[] => {
    if (word === 'true' || word === 'false') return [word, word === 'true'];
    return String(Number(word)) === word ? [word, Number(word)] : [word];
  });
}

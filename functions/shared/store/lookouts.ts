import { chunksOf } from '../concurrency.ts';
import { MINUTE_MS } from '../dates.ts';
import { type Source, type TimeMapping, wordsFor } from '../model/source.ts';
import type { JobState } from '../model/states.ts';
import { allLimits, type SweepLimits } from '../model/sweep-limits.ts';
import { VALUES_PER_QUERY } from './firestore.ts';
import type { JobRange } from './jobs.ts';

/** A heartbeat may be so far ahead before somebody's clock is wrong. */
const AHEAD_MS = 5 * MINUTE_MS;

/** One of the queries that find active records which may lie. */
export interface Lookout {
  /** Names it in the cursor of a sweep that goes on with it. */
  name: string;
  of: 'jobs' | 'executions';
  /** Values of the status field. */
  statuses: (string | number)[];
  /** What is asked for, and ordered by. */
  by:
    | { time: TimeMapping; range: Partial<JobRange> }
    /** Any text in the field at that path. */
    | { text: string }
    /** Records whose time here is missing or of another type: no query finds those, so all are read. */
    | { without: TimeMapping | null; state: 'queued' | 'running' };
}

/**
 * The queries of a source at `now`. They go by its tightest limits, so what they find may be within its own. Executions
 * that began long ago are found even where nobody can be asked about them: their job tells.
 */
export function lookoutsOf(source: Source, of: Lookout['of'], now: Date): Lookout[] {
  const { heartbeatAt, startedAt, createdAt, backendId } = source.fields;
  const limits = allLimits(source.sweep);
  const before = (each: (limits: SweepLimits) => number): Partial<JobRange> => ({
    to: new Date(now.getTime() - Math.min(...limits.map(each))),
  });
  const staleMs = ({ staleAfterMs, graceMs }: SweepLimits) => staleAfterMs + graceMs;
  const runningMs = ({ maxRuntimeMs }: SweepLimits) => maxRuntimeMs;
  const startTells = source.backend !== undefined || of === 'executions';
  const mayWait = limits.every(({ maxQueuedMs }) => maxQueuedMs === null);

  const lookouts: Lookout[] = [];
  const add = (name: string, state: JobState, by: Lookout['by']) => {
    for (const [index, statuses] of chunksOf(valuesOf(source, state), VALUES_PER_QUERY).entries())
      lookouts.push({ name: `${of}:${name}${index || ''}`, of, statuses, by });
  };
  const long = (each: (limits: SweepLimits) => number) =>
    add('long', 'running', { time: startedAt, range: before(each) });
  if (heartbeatAt) {
    add('silent', 'running', { time: heartbeatAt, range: before(staleMs) });
    add('ahead', 'running', { time: heartbeatAt, range: { from: new Date(now.getTime() + AHEAD_MS) } });
    long(runningMs);
  } else long(startTells ? (each) => Math.min(staleMs(each), runningMs(each)) : runningMs);
  if (source.backend && backendId) add('submitted', 'queued', { text: backendId });
  add('clockless', 'running', { without: heartbeatAt ?? startedAt, state: 'running' });
  if (mayWait) return lookouts;
  const waitingMs = ({ maxQueuedMs }: SweepLimits) => maxQueuedMs ?? Number.POSITIVE_INFINITY;
  if (createdAt) add('waiting', 'queued', { time: createdAt, range: before(waitingMs) });
  add('undated', 'queued', { without: createdAt ?? null, state: 'queued' });
  return lookouts;
}

/** The values that a status of `state` can have in the records; a word that is a number may be stored as one. */
export function valuesOf(source: Pick<Source, 'statuses'>, state: JobState): (string | number)[] {
  return wordsFor(source, state).flatMap((word) =>
    String(Number(word)) === word ? [word, Number(word)] : [word],
  );
}

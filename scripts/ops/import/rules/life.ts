import { isTerminal } from '../../../../functions/shared/model/job/job.ts';
import type { JobField } from '../../../../functions/shared/model/job/source.ts';
import type { JobState } from '../../../../functions/shared/model/job/states.ts';
import type { ParsedRow, Value } from './record.ts';

/** Decides which of two reports of one job is the later. */

/** The fields that show how far a job has come. */
export interface Life {
  state: JobState;
  createdAt: Date | null;
  startedAt: Date | null;
  heartbeatAt: Date | null;
  endedAt: Date | null;
  updatedAt: Date | null;
}

/** The fields that belong to one try of a job: those of two tries are never mixed. The others belong to the job itself. */
export const LIFE_FIELDS: readonly JobField[] = [
  'status',
  'startedAt',
  'heartbeatAt',
  'endedAt',
  'updatedAt',
  'error',
  'backendId',
  'artifactUri',
  'artifactBytes',
];

/** Returns the life in a row. */
export function lifeOf({ state, values }: ParsedRow): Life {
  const time = (value: Value | undefined) => (value instanceof Date ? value : null);
  return {
    state,
    createdAt: time(values.createdAt),
    startedAt: time(values.startedAt),
    heartbeatAt: time(values.heartbeatAt),
    endedAt: time(values.endedAt),
    updatedAt: time(values.updatedAt),
  };
}

/** Whether `one` was over when `other` began: they are two tries of the job. */
export function isEarlierTry(one: Life, other: Life): boolean {
  const began = other.startedAt ?? other.createdAt;
  if (began === null || one.endedAt === null || !isTerminal(one.state) || one.endedAt > began) return false;
  const before = one.startedAt ?? one.createdAt;
  return before === null || before < began;
}

/** Describes how two endings of one try differ; `undefined` where they agree in all that both have. */
export function disagreement(one: Life, other: Life): string | undefined {
  if (one.state !== other.state) return `${one.state} and ${other.state}`;
  for (const field of ['endedAt', 'startedAt'] as const) {
    const [a, b] = [one[field], other[field]];
    if (a !== null && b !== null && a.getTime() !== b.getTime())
      return `${field} ${a.toISOString()} and ${b.toISOString()}`;
  }
  return undefined;
}

/** Whether a job that has not ended shows life more than `graceMs` after `end`. */
export function livesAfter(active: Life, end: Date | null, graceMs: number): boolean {
  return (
    end !== null && active.heartbeatAt !== null && active.heartbeatAt.getTime() > end.getTime() + graceMs
  );
}

/**
 * Compares two reports of one try: positive where `one` is the later, negative where `other` is, 0 where nothing shows it.
 * An ended job is later than an active one. Then the later `updatedAt` decides; between active jobs, a running one is later
 * than a queued one, then the later start and the later heartbeat decide.
 */
export function laterOf(one: Life, other: Life): number {
  const ranks = [rankOf(one) - rankOf(other), compare(one.updatedAt, other.updatedAt)];
  const ofActive = [waitsOf(other) - waitsOf(one), compare(one.startedAt, other.startedAt)];
  const all = isTerminal(one.state)
    ? ranks
    : [...ranks, ...ofActive, compare(one.heartbeatAt, other.heartbeatAt)];
  return all.find((order) => order !== 0) ?? 0;
}

function rankOf({ state }: Life): number {
  return isTerminal(state) ? 1 : 0;
}

function waitsOf({ state }: Life): number {
  return state === 'queued' ? 1 : 0;
}

/** 0 where one of them is absent. */
function compare(one: Date | null, other: Date | null): number {
  return one === null || other === null ? 0 : one.getTime() - other.getTime();
}

import { isTerminal } from '../../../../functions/shared/model/job/job.ts';
import type { JobField } from '../../../../functions/shared/model/job/source.ts';
import type { JobState } from '../../../../functions/shared/model/job/states.ts';
import type { Told, Value } from './record.ts';

/** Which of two tellings of one job is the later. */

/** What tells how far a job has come. */
export interface Life {
  state: JobState;
  createdAt: Date | null;
  startedAt: Date | null;
  heartbeatAt: Date | null;
  endedAt: Date | null;
  updatedAt: Date | null;
}

/** What belongs to one try of a job: of two tries it is never mixed. The other fields are of the job itself. */
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

/** The life that a row tells of. */
export function lifeOf({ state, values }: Told): Life {
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

/** In what two endings of one try differ, in words; `undefined` where they agree as far as both tell. */
export function disagreement(one: Life, other: Life): string | undefined {
  if (one.state !== other.state) return `${one.state} and ${other.state}`;
  for (const field of ['endedAt', 'startedAt'] as const) {
    const [a, b] = [one[field], other[field]];
    if (a !== null && b !== null && a.getTime() !== b.getTime())
      return `${field} ${a.toISOString()} and ${b.toISOString()}`;
  }
  return undefined;
}

/** Whether a job that has not ended shows life later than `graceMs` after it is said to have ended. */
export function livesAfter(active: Life, end: Date | null, graceMs: number): boolean {
  return (
    end !== null && active.heartbeatAt !== null && active.heartbeatAt.getTime() > end.getTime() + graceMs
  );
}

/**
 * Positive when `one` is the later of two tellings of one try, negative when `other` is: terminal over active, then as
 * they say when they were written, then what runs over what waits, the later start, the later sign of life. 0 where
 * nothing tells.
 */
export function laterOf(one: Life, other: Life): number {
  const ranks = [rankOf(one) - rankOf(other), compare(one.updatedAt, other.updatedAt)];
  const ofActive = [waitsOf(other) - waitsOf(one), compare(one.startedAt, other.startedAt)];
  const all = isTerminal(one.state)
    ? ranks
    : [...ranks, ...ofActive, compare(one.heartbeatAt, other.heartbeatAt)];
  return all.find((it) => it !== 0) ?? 0;
}

function rankOf({ state }: Life): number {
  return isTerminal(state) ? 1 : 0;
}

function waitsOf({ state }: Life): number {
  return state === 'queued' ? 1 : 0;
}

/** 0 where one of them tells none. */
function compare(one: Date | null, other: Date | null): number {
  return one === null || other === null ? 0 : one.getTime() - other.getTime();
}

import type { Truth } from '../../model/job/backend.ts';
import { isTerminal } from '../../model/job/job.ts';
import type { JobState } from '../../model/job/states.ts';
import { orNull, type Reading, readJsonTime, type TimeForm } from '../../model/reading/reading.ts';

/** A backend's answer about a job. */
export type BackendStatus = Omit<Truth, 'askedAt' | 'placed'>;
/** The same, with the time at which it was asked. */
export type DatedStatus = Omit<Truth, 'placed'>;

/** A time in an answer, and its path there. */
export interface StatusTime {
  path: string;
  reading: Reading<Date>;
}

/** The parts of an answer, as they were read. */
export interface Answer {
  state: JobState;
  startedAt: StatusTime | null;
  endedAt: StatusTime | null;
  error: string | null;
  said: string;
}

/** The status of a job whose state could not be found out; `said` is why. */
export function unknown(said: string): BackendStatus {
  return { state: 'unknown', startedAt: null, endedAt: null, unreadable: null, error: null, said };
}

/** Reads the value at `path` of an answer as a time. */
export function timeAt(path: string, value: unknown, form: TimeForm = { type: 'iso' }): StatusTime {
  return { path, reading: readJsonTime(value, form) };
}

/**
 * Makes a status of an answer. A job that ended with an unreadable time is unknown: neither which try that was nor when it
 * ended is known. For a job that goes on, an unreadable start does not matter.
 */
export function statusOf({ state, startedAt, endedAt, error, said }: Answer): BackendStatus {
  const ended = isTerminal(state);
  const times = [startedAt, ended ? endedAt : null].filter((time) => time !== null);
  const unreadable = times.flatMap(({ path, reading }) =>
    reading.is === 'unreadable' ? `${path}: ${reading.why}` : [],
  );
  const readable = {
    startedAt: startedAt && orNull(startedAt.reading),
    endedAt: ended && endedAt ? orNull(endedAt.reading) : null,
    unreadable: unreadable.join('; ') || null,
    error: state === 'failed' ? error : null,
  };
  if (unreadable.length === 0) return { ...readable, state, said };
  const words = `${said}; but nobody can read ${readable.unreadable}`;
  return ended ? { ...unknown(words), unreadable: readable.unreadable } : { ...readable, state, said: words };
}

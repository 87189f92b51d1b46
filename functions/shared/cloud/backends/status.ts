import type { Truth } from '../../model/job/backend.ts';
import { isTerminal } from '../../model/job/job.ts';
import type { JobState } from '../../model/job/states.ts';
import { orNull, type Reading, readJsonTime, type TimeForm } from '../../model/reading/reading.ts';

/** What a backend says about a job. */
export type BackendStatus = Omit<Truth, 'askedAt' | 'placed'>;
/** The same, with when it was asked. */
export type DatedStatus = Omit<Truth, 'placed'>;

/** A time of an answer, and where it stands there. */
export interface StatusTime {
  path: string;
  reading: Reading<Date>;
}

/** What an answer says of a job, each part as it was read. */
export interface Answer {
  state: JobState;
  startedAt: StatusTime | null;
  endedAt: StatusTime | null;
  error: string | null;
  said: string;
}

/** The status of a job of which nothing is known; `said` is why. */
export function unknown(said: string): BackendStatus {
  return { state: 'unknown', startedAt: null, endedAt: null, unreadable: null, error: null, said };
}

/** A time that stands at `path`, or at no path at all, in JSON. */
export function timeAt(path: string, value: unknown, form: TimeForm = { type: 'iso' }): StatusTime {
  return { path, reading: readJsonTime(value, form) };
}

/**
 * What to make of an answer. Where a job ended and one of its times cannot be read, neither which try that was nor when
 * it ended is known: it is unknown. One that goes on does so whatever its start.
 */
export function statusOf({ state, startedAt, endedAt, error, said }: Answer): BackendStatus {
  const ended = isTerminal(state);
  const times = [startedAt, ended ? endedAt : null].filter((it) => it !== null);
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

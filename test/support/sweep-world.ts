import { HOUR_MS, MINUTE_MS, SECOND_MS } from '../../functions/shared/dates.ts';
import type { Truth } from '../../functions/shared/model/job/backend.ts';
import type { Job } from '../../functions/shared/model/job/job.ts';
import type { JobField } from '../../functions/shared/model/job/source.ts';
import { ACTIVE_STATES } from '../../functions/shared/model/job/states.ts';
import type { SweepLimits } from '../../functions/shared/model/job/sweep-limits.ts';
import { jobOf, unread } from './jobs.ts';

/**
 * A virtual platform for the simulation of the sweep: what really runs, what is written to its records and when that
 * arrives, and what its backend says. It is drawn whole before the first sweep; only a record that the sweep ended takes
 * no further writes, for whoever writes there sees that it has ended.
 *
 * What it takes for granted, for no sweeper could tell otherwise:
 * - a live process that no backend sees is silent for longer than `staleAfter` and the grace only together with the
 *   others of its source, and for less than an interval more (the design ends it then, and so it would);
 * - clocks are behind by two minutes at most, ahead by that, or in another zone;
 * - whoever queues a job again does so within the grace, and a job runs for less than `maxRuntime`;
 * - a backend that says 404 of a live job says so of many at once, or was never told where the jobs run;
 * - a number that is used again was another job's before this one was queued.
 *
 * What nobody can find, and has to be told instead: a dead job with a time that nobody can read, one that was suspended
 * and no backend sees, one whose backend is asked in the wrong place, cannot tell, or tells of another job, and five or
 * more that a backend has forgotten while it tells of few others: so many 404s are not believed.
 */

export type Instant = number;

/** How the jobs of a source are seen. */
export interface Habit {
  name: string;
  beats: boolean;
  backend: boolean;
  executions: boolean;
  /** Whether each process reports of itself, through a channel that all of its source share. */
  reports?: true;
  /** What is wrong with its backend: asked where nothing of it runs, or without a word for what runs. */
  flaw?: 'misplaced' | 'wordless';
}

export const HABITS: readonly Habit[] = [
  { name: 'beating', beats: true, backend: false, executions: false },
  { name: 'both', beats: true, backend: true, executions: false },
  { name: 'asked', beats: false, backend: true, executions: false },
  { name: 'mute', beats: false, backend: false, executions: false },
  // Their jobs beat only between two executions.
  { name: 'executed', beats: true, backend: false, executions: true },
  { name: 'misplaced', beats: true, backend: true, executions: false, flaw: 'misplaced' },
  { name: 'misplaced-mute', beats: false, backend: true, executions: false, flaw: 'misplaced' },
  { name: 'wordless', beats: false, backend: true, executions: false, flaw: 'wordless' },
];

/** Jobs whose heartbeats and ends are reports: what could not be sent comes when the channel works again. */
export const REPORTING: Habit = {
  name: 'reporting',
  beats: true,
  backend: false,
  executions: false,
  reports: true,
};

export const LIMITS: SweepLimits = {
  staleAfterMs: 10 * MINUTE_MS,
  graceMs: 5 * MINUTE_MS,
  maxRuntimeMs: 6 * HOUR_MS,
  maxQueuedMs: null,
  stalledAfterMs: null,
};

/** One process: it runs, and its backend knows it under this id. */
export interface Try {
  id: string;
  startAt: Instant;
  endAt: Instant;
  outcome: 'completed' | 'failed' | 'cancelled';
  /** When it is stopped on purpose; it goes on afterwards, unless it ends meanwhile. */
  pauses: readonly Span[];
  /** Its backend says at first that there is no such job. */
  isLate: boolean;
  /** The job that had its number before: its backend tells of that one, at first or for ever. */
  namesake: { startAt: Instant; endAt: Instant; forEver: boolean } | null;
}

/** A write of the platform, by when it arrives. */
interface Arrival {
  at: Instant;
  fields: Partial<Job>;
}

/** A job or an execution: the truth, its record, and what is on its way to it. */
export interface Item {
  name: string;
  habit: Habit;
  parent: Item | null;
  executions: Item[];
  tries: Try[];
  /** Alive, or about to be, in [bornAt, overAt). */
  bornAt: Instant;
  overAt: Instant;
  /** How far the clock that writes its heartbeats is off, and the one that writes its starts and ends. */
  offMs: number;
  startOffMs: number;
  /** The field that it writes in a way that nobody can read. */
  unreadable: JobField | null;
  arrivals: Arrival[];
  next: number;
  record: Partial<Job>;
  writtenAt: Instant;
  /** Counts the writes, as Firestore's update time tells them apart. */
  version: number;
  /** What the sweep wrote; the platform writes no more then. */
  sweptTo: Job['state'] | null;
  /** When a sweep first had all that it needed to end it. */
  dueAt: Instant | null;
  /** When a sweep was last told that this try of it runs. */
  heardAt: Instant | null;
  /** By which rule the last sweep judged it. */
  rule: string | null;
}

/** What goes wrong for a while. */
export interface Troubles {
  /** No heartbeat arrives. */
  silences: readonly Span[];
  /** The backend does not answer. */
  outages: readonly Span[];
  /** The backend says 404 to everything that is asked of jobs without heartbeats. */
  amnesias: readonly Span[];
  /** No report of a source arrives; those that waited come within some minutes afterwards. */
  cuts: readonly Span[];
}
export type Span = readonly [from: Instant, to: Instant];

export function within(spans: readonly Span[], at: Instant): boolean {
  return spans.some(([from, to]) => at >= from && at < to);
}

/** Takes in what has arrived by `at`. */
export function settle(item: Item, at: Instant): void {
  for (let it = item.arrivals[item.next]; it && it.at <= at; it = item.arrivals[++item.next]) {
    if (item.sweptTo) continue;
    item.record = { ...item.record, ...it.fields };
    item.writtenAt = it.at;
    item.version++;
  }
}

/** The record as the sweep reads it. */
export function read(item: Item): Job {
  const job = jobOf({ id: item.name, startedAt: null, endedAt: null, ...item.record });
  const field = item.unreadable;
  if (!field || job[field] === null || job[field] === undefined) return job;
  return { ...job, [field]: null, unreadable: [unread(field)] };
}

/** Whether the job is there, and its record says that it has not ended. */
export function isActive({ record }: Item): boolean {
  return ACTIVE_STATES.some((state) => state === record.state);
}

/** When the last report of the source was accepted: other jobs of it report all the time. */
export function acceptedAt({ cuts }: Troubles, at: Instant): Instant {
  return cuts.find((cut) => within([cut], at))?.[0] ?? at - 20 * SECOND_MS;
}

/** How late the backend knows of a start and of an end. */
export const BACKEND_LAG_MS = 2 * MINUTE_MS;

/** What the backend says at `at`; of some that died, it knows nothing afterwards. */
export function truthOf(item: Item, id: string, at: Instant, troubles: Troubles, chance: number): Truth {
  const it = item.tries.find((one) => one.id === id);
  const { flaw, beats } = item.habit;
  const told = (state: Truth['state'], of?: Pick<Try, 'startAt' | 'endAt'>): Truth => ({
    state,
    startedAt: of ? new Date(of.startAt) : null,
    endedAt: of && state !== 'running' && state !== 'suspended' ? new Date(of.endAt) : null,
    unreadable: null,
    placed: flaw === 'misplaced' ? 'guessed' : 'named',
    error: state === 'failed' ? 'exit 1' : null,
    askedAt: new Date(at),
    said: `the backend says ${state}`,
  });
  if (within(troubles.outages, at) || chance < 0.03) return told('unknown');
  if (!it || flaw === 'misplaced' || (!beats && within(troubles.amnesias, at))) return told('gone');
  const isNew = at < it.startAt + BACKEND_LAG_MS;
  if (it.namesake && (isNew || it.namesake.forEver)) return told('completed', it.namesake);
  if (isNew) return told(it.isLate ? 'gone' : 'queued');
  if (at < it.endAt + BACKEND_LAG_MS) {
    if (flaw === 'wordless') return told('unknown');
    return told(within(it.pauses, at) ? 'suspended' : 'running', it);
  }
  return isForgotten(it) ? told('gone') : told(it.outcome, it);
}

/** Whether any sweep could ever find it dead: of the others, it has to tell that nobody can. */
export function canBeFound({ habit, unreadable, record, tries, executions, parent }: Item): boolean {
  const last = tries.at(-1);
  if (unreadable && (unreadable !== 'backendId' || habit.backend)) return false;
  // Its job may beat.
  if (parent && isActive(parent) && parent.unreadable === 'heartbeatAt') return false;
  if (executions.some((it) => it.unreadable || it.record.state === 'suspended')) return false;
  // Whether its executions are of this try, their clocks do not tell.
  if (executions.some(({ startOffMs }) => startOffMs !== 0)) return false;
  if (habit.flaw === 'misplaced' || (habit.backend && last?.namesake?.forEver)) return false;
  return record.state !== 'suspended' || (habit.backend && last !== undefined && !isForgotten(last));
}

/** Every other failure is deleted from the backend at once. */
export function isForgotten(last: Try | undefined): boolean {
  if (!last) return false;
  const { endAt, outcome } = last;
  return outcome === 'failed' && Math.floor(endAt / SECOND_MS) % 2 === 0;
}

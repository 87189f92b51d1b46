import { addMs, SECOND_MS } from '../../../../functions/shared/dates.ts';
import type { StackClock } from '../clock.ts';
import { type Delivered, deliver } from './delivery.ts';
import { HTTP_METHODS, type Job, refused, STATES, secondsOf } from './job.ts';
import { retryAt } from './retry.ts';
import { type Schedule, scheduleOf } from './schedule.ts';

/** One attempt of a job, over. */
export interface Attempt extends Delivered {
  /** The job's id, which is the task's name. */
  job: string;
  slot: Date | null;
  /** Run by hand, not for its slot. */
  forced: boolean;
  /** Counted from 1 within an execution. */
  attempt: number;
}

/** What all jobs of a stand-in share. */
export interface Floor {
  clock: StackClock;
  /** Whether slots are delivered; else only what is run by hand. */
  firesSlots(): boolean;
  /** How many times each request is sent. */
  copies(): number;
  onAttempt(attempt: Attempt): void;
  /** Aborts when the stand-in stops. */
  stopping: AbortSignal;
}

/** A job that is delivered at its slots, one execution after the other, until it ends. */
export interface LiveJob {
  job(): Job;

  /** Throws as `liveJob` does; then the job stays as it was. */
  update(changed: Job): void;

  setState(next: 'ENABLED' | 'PAUSED'): void;

  /** Sends it once, now, even while it is running or paused: it carries the time of the next slot. */
  run(): void;

  /** When it sends its next request by itself; null for a job that does not. */
  nextAt(): Date | null;

  /** The requests that are under way. */
  underWay(): Promise<unknown>[];

  end(): void;

  /** Returns it in the API's form; enums as names or as numbers. */
  resource(enums: 'names' | 'numbers'): object;
}

/** Starts a job. Throws a GoogleProblem for an impossible schedule or time zone. */
export function liveJob(initial: Job, floor: Floor): LiveJob {
  const { clock } = floor;
  let job = initial;
  let schedule = readSchedule(job);
  let userUpdateTime = clock.now();
  let state: 'ENABLED' | 'PAUSED' = 'ENABLED';
  let nextSlot: Date | null = null;
  let retry: Date | null = null;
  let lastAttemptTime: Date | undefined;
  let status: { code?: number } | undefined;
  let planned = new AbortController();
  let kept = Promise.resolve();
  const underWay = new Set<Promise<unknown>>();

  /** Sends the request, or several copies of it, of which the first answer counts. Returns whether it was acknowledged. */
  async function attemptOnce(slot: Date | null, forced: boolean, attempt: number): Promise<boolean> {
    const startedAt = clock.now();
    lastAttemptTime = startedAt;
    const over = new AbortController();
    const givenUp = new AbortController();
    const deadline = addMs(startedAt, secondsOf(job.attemptDeadline) * SECOND_MS);
    void clock.until(deadline, over.signal).then(() => givenUp.abort());
    const stop = AbortSignal.any([givenUp.signal, floor.stopping]);
    // The time of the slot is promised for unix-cron alone.
    const told = schedule.isCron ? slot : null;
    const copies = Array.from({ length: floor.copies() }, () => deliver(job, told, stop));
    const [first] = (await Promise.all(copies)) as [Delivered];
    over.abort();
    if (floor.stopping.aborted) return true;
    // As in the proto, a code of 0 is left out.
    status = first.code === 0 ? {} : { code: first.code };
    floor.onAttempt({ ...first, job: idOf(job), slot, forced, attempt });
    return first.code === 0;
  }

  function begin(attempt: Promise<boolean>): Promise<boolean> {
    underWay.add(attempt);
    return attempt.finally(() => underWay.delete(attempt));
  }

  /** Tries a slot until it is acknowledged, or given up. */
  async function execute(slot: Date, plan: AbortSignal): Promise<void> {
    const firstAttemptAt = clock.now();
    for (let attempts = 1; !plan.aborted; attempts += 1) {
      if ((await begin(attemptOnce(slot, false, attempts))) || plan.aborted) return;
      retry = retryAt(job.retryConfig, { attempts, firstAttemptAt, now: clock.now(), nextSlot });
      if (!retry) return;
      await clock.until(retry, plan);
      if (!plan.aborted) retry = null;
    }
  }

  /** A slot that comes while the one before is under way waits for it: there are never two. */
  async function keep(plan: AbortSignal): Promise<void> {
    while (nextSlot && !plan.aborted) {
      const slot = nextSlot;
      await clock.until(slot, plan);
      if (plan.aborted) return;
      nextSlot = schedule.next(clock.now());
      if (floor.firesSlots()) await execute(slot, plan);
    }
  }

  /** From now on by what job and state are now; an attempt that is under way is waited for. */
  function plan(): void {
    planned.abort();
    planned = new AbortController();
    retry = null;
    nextSlot = schedule.next(clock.now());
    const { signal } = planned;
    if (state === 'ENABLED') kept = kept.then(() => keep(signal));
  }

  plan();
  return {
    job: () => job,
    update(changed) {
      schedule = readSchedule(changed);
      job = changed;
      userUpdateTime = clock.now();
      plan();
    },
    setState(next) {
      if (next === state) return;
      state = next;
      plan();
    },
    run() {
      void begin(attemptOnce(nextSlot, true, 1));
    },
    nextAt: () => (state === 'ENABLED' ? (retry ?? nextSlot) : null),
    underWay: () => [...underWay],
    end: () => planned.abort(),
    resource(enums) {
      const { httpTarget, ...rest } = job;
      const coded = <T extends string>(names: readonly T[], name: T) =>
        enums === 'names' ? name : names.indexOf(name);
      return {
        ...rest,
        httpTarget: { ...httpTarget, httpMethod: coded(HTTP_METHODS, httpTarget.httpMethod) },
        state: coded(STATES, state),
        userUpdateTime,
        scheduleTime: retry ?? nextSlot ?? undefined,
        lastAttemptTime,
        status,
      };
    },
  };
}

/** The last part of a job's name. */
export function idOf({ name }: Pick<Job, 'name'>): string {
  return name.split('/').at(-1) ?? '';
}

function readSchedule({ schedule, timeZone }: Job): Schedule {
  const read = scheduleOf(schedule, timeZone);
  if (!read?.next(new Date(0))) throw refused('job.schedule', 'Schedule or time zone is invalid.');
  return read;
}

import type { IncomingMessage, ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { type StackClock, stackClock } from '../clock.ts';
import { answer } from '../google/answer.ts';
import { type Faults, faultRegistry } from '../google/fault-book.ts';
import type { AnyRule } from '../google/faults.ts';
import { problemOf } from '../google/problem.ts';
import { startServer } from '../google/server.ts';
import { type Attempt, type Floor, type LiveJob, liveJob } from './live-job.ts';
import { type Call, METHODS, type Method } from './methods.ts';

export interface SchedulerOptions {
  project: string;
  /** The one location that there is. */
  location: string;
  /** Real time unless given. */
  clock?: StackClock;
  /** 0, the default, for a free one. */
  port?: number;
}

/** Which answers a fault is for: those of a method, such as `jobs.list`; of all unless named. */
export interface SchedulerFaultRule extends AnyRule {
  method?: string;
}

/** The running stand-in. */
export interface Scheduler {
  /** In place of `https://cloudscheduler.googleapis.com`. */
  baseUrl: string;
  faults: Faults<SchedulerFaultRule>;
  /** From now on slots are delivered; before, only what is run by hand. */
  fireSlots(): void;
  /** Sends each request so many times, as at-least-once delivery may; 1 unless set. */
  setCopies(count: number): void;
  /** Tells of every attempt that is over; returns what ends the telling. */
  watch(onAttempt: (attempt: Attempt) => void): () => void;
  /** When the first job sends its next request by itself; null when none does. */
  nextAt(): Date | null;
  /** Resolves when no attempt is under way. */
  settled(): Promise<void>;
  /** Ends everything at once, deliveries too. */
  stop(): Promise<void>;
}

/**
 * Stands in for Cloud Scheduler, for which Google ships no emulator, on 127.0.0.1: REST v1 of jobs and locations, over
 * jobs in memory that are really delivered, on time and with retries. Whoever may reach it may do everything.
 */
export async function startScheduler({
  project,
  location,
  clock = stackClock(),
  port = 0,
}: SchedulerOptions): Promise<Scheduler> {
  const jobs = new Map<string, LiveJob>();
  const watchers = new Set<(attempt: Attempt) => void>();
  const faults = faultRegistry(
    ({ method }: SchedulerFaultRule, asked: string) => (method ?? asked) === asked,
  );
  const stopping = new AbortController();
  let firing = false;
  let copies = 1;
  const floor: Floor = {
    clock,
    firesSlots: () => firing,
    copies: () => copies,
    onAttempt: (attempt) => watchers.forEach((watcher) => void watcher(attempt)),
    stopping: stopping.signal,
  };

  async function serve(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const url = new URL(req.url ?? '', 'http://stand-in');
    const { method, ...place } = methodOf(req.method, url.pathname);
    const call: Call = {
      location: '',
      job: '',
      ...place,
      query: url.searchParams,
      body: await text(req),
      jobs,
      locations: [location],
      open: (job) => liveJob(job, floor),
    };
    const denied = (permission = `cloudscheduler.${method.name}`) =>
      problemOf(
        403,
        `The principal (user or service account) lacks IAM permission "${permission}" for the resource "projects/${call.project}" (or the resource may not exist).`,
      );
    const reply = () => {
      if (call.project !== project) throw denied();
      if (call.location && call.location !== location)
        throw problemOf(404, `Location ${call.location} is not found or access is unauthorized.`);
      return method.perform(call);
    };
    await answer(res, faults.take(method.name), { reply, denied, problem: problemOf }, stopping.signal);
  }

  const { origin, stop } = await startServer(port, serve);
  return {
    baseUrl: origin,
    faults: { add: faults.add, clear: faults.clear },
    fireSlots: () => {
      firing = true;
    },
    setCopies: (count) => {
      copies = count;
    },
    watch(onAttempt) {
      watchers.add(onAttempt);
      return () => void watchers.delete(onAttempt);
    },
    nextAt() {
      const instants = [...jobs.values()].flatMap((job) => job.nextAt() ?? []);
      return instants.sort((a, b) => a.getTime() - b.getTime())[0] ?? null;
    },
    async settled() {
      for (;;) {
        // What became due this moment has begun after the next turn.
        await new Promise((resolve) => setImmediate(resolve));
        const underWay = [...jobs.values()].flatMap((job) => job.underWay());
        if (underWay.length === 0) return;
        await Promise.all(underWay);
      }
    },
    async stop() {
      stopping.abort();
      for (const job of jobs.values()) job.end();
      await stop();
    },
  };
}

/** The method that a request names, and what it is asked for. */
function methodOf(
  verb: string | undefined,
  path: string,
): { method: Method; project: string; location?: string; job?: string } {
  for (const method of METHODS) {
    const parts = method.verb === verb ? method.path.exec(decodeURI(path))?.groups : undefined;
    if (parts) return { method, project: '', ...parts };
  }
  throw problemOf(404, `The requested URL ${verb} ${path} was not found on this server.`);
}

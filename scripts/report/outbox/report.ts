import { isoOf } from './iso.ts';

/** What an execution says of itself, and what it is made of. Pure: the clock and the disk are elsewhere. */

/** An instant, on the wall and on the clock that no person sets. */
export interface Stamp {
  /** ISO, with milliseconds. */
  at: string;
  /** Milliseconds since the machine started, time in suspend included. */
  bootMs: number;
  /** Which start of which machine that was. */
  bootId: string;
}

/** How far an execution is; every part of it may be unknown. */
export interface Progress {
  fraction?: number;
  step?: number;
  of?: number;
  note?: string;
}

/** From where the job could go on. */
export interface Checkpoint {
  uri: string;
  step?: number;
}

export type EndState = 'completed' | 'failed' | 'cancelled';
export type Cause = 'exit' | 'signal' | 'oom' | 'preempted' | 'stopped' | 'timed-out';

/** How an execution ended. */
export interface End {
  state: EndState;
  exitCode: number | null;
  signal: string | null;
  cause: Cause;
  error: string | null;
  /** False where the job waits for another try. */
  final: boolean;
}

/** The whole state of an execution so far, as it is stored and as it is sent. */
export interface Report extends Stamp {
  job: string;
  execution: string;
  /** The highest one wins, so a report that is lost, doubled or late does no harm. */
  seq: number;
  /** On the same clock as `at`. */
  startedAt: string;
  state: 'running' | 'gone' | EndState;
  host: string;
  pid?: number;
  attempt: number;
  program?: string;
  progress?: Progress;
  checkpoint?: Checkpoint;
  /** SIGTERM has come. */
  stopping?: true;
  /** How often the platform announced that it moves the machine. */
  migrations?: number;
  /** By how much the wall clock has been set since the start. */
  clockStepMs?: number;
  end: End | null;
}

/** A report of an execution that nobody here counts or dates: the service takes it as the newest. */
export type BareReport = Omit<Report, 'seq' | 'startedAt'> & { seq?: number };

/** A process, so that another one that got its number later is not taken for it. */
export interface Process {
  pid: number;
  /** When it started, in the kernel's ticks; field 22 of /proc/PID/stat. */
  start: string;
}

/** What is true of an execution from its start on: open.json. */
export interface Open {
  execution: string;
  job: string;
  source: string;
  url: string;
  /** Kept beside the reports, so that whoever finds them can deliver them. */
  jobToken: string | null;
  host: string;
  attempt: number;
  bootId: string;
  /** The namespace in which the numbers of processes hold. */
  pidns: string | null;
  /** Who alone writes the folder; null where a shell does, one short process after the other. */
  writer: Process | null;
  child: Process | null;
  program: string | null;
  startedAt: string;
  startedBootMs: number;
  mayRetry: boolean;
}

/** What is new since the last report. */
export interface Change {
  state?: 'gone';
  progress?: Progress;
  checkpoint?: Checkpoint;
  stopping?: true;
  migrations?: number;
  end?: End;
}

/** A change that another process left in the outbox for the writer of the folder. */
export type Event = Stamp &
  (
    | { kind: 'progress'; progress: Progress }
    | { kind: 'checkpoint'; checkpoint: Checkpoint }
    | { kind: 'beat' }
    | { kind: 'migration' }
    | { kind: 'end'; end: ToldEnd }
  );

/** An end as a job tells it of itself. */
export interface ToldEnd {
  state: EndState;
  exitCode?: number;
  error?: string;
  final?: boolean;
}

const STEP_MS = 2_000;

/** The report that follows `last` (none: the first one), as of `now`. */
export function nextReport(
  open: Open,
  last: Report | undefined,
  change: Change,
  now: Stamp,
  seq: number,
): Report {
  const end = change.end ?? null;
  const progress = mergedProgress(last?.progress, change.progress);
  const checkpoint = change.checkpoint ?? last?.checkpoint;
  const migrations = (last?.migrations ?? 0) + (change.migrations ?? 0);
  const step = clockStep(open, now);
  return {
    job: open.job,
    execution: open.execution,
    seq,
    at: now.at,
    bootMs: now.bootMs,
    bootId: now.bootId,
    startedAt: startOn(open, now),
    state: end?.state ?? change.state ?? 'running',
    host: open.host,
    ...(open.child && { pid: open.child.pid }),
    attempt: open.attempt,
    ...(open.program !== null && { program: open.program }),
    ...(progress && { progress }),
    ...(checkpoint && { checkpoint }),
    ...((change.stopping ?? last?.stopping) && { stopping: true }),
    ...(migrations > 0 && { migrations }),
    ...(Math.abs(step) > STEP_MS && { clockStepMs: step }),
    end,
  };
}

/** The start on the clock of `now`: both move together when somebody sets it. */
function startOn({ bootId, startedAt, startedBootMs }: Open, now: Stamp): string {
  if (bootId !== now.bootId) return startedAt;
  return isoOf(Date.parse(now.at) - (now.bootMs - startedBootMs));
}

function clockStep({ bootId, startedAt, startedBootMs }: Open, now: Stamp): number {
  if (bootId !== now.bootId) return 0;
  return Date.parse(now.at) - now.bootMs - (Date.parse(startedAt) - startedBootMs);
}

function mergedProgress(before: Progress | undefined, now: Progress | undefined): Progress | undefined {
  return now ? { ...before, ...now } : before;
}

/** What the events of others come to, in their order. */
export function changeOf(events: readonly Event[]): { change: Change; told: ToldEnd | undefined } {
  const change: Change = {};
  let told: ToldEnd | undefined;
  for (const event of events)
    switch (event.kind) {
      case 'progress':
        change.progress = { ...change.progress, ...event.progress };
        break;
      case 'checkpoint':
        change.checkpoint = event.checkpoint;
        break;
      case 'migration':
        change.migrations = (change.migrations ?? 0) + 1;
        break;
      case 'end':
        told = event.end;
        break;
    }
  return { change, told };
}

/** The end that a shell tells, whose process nobody watched. */
export function endOfTold({ state, exitCode, error, final }: ToldEnd): End {
  return {
    state,
    exitCode: exitCode ?? null,
    signal: null,
    cause: 'exit',
    error: error ?? null,
    final: final ?? true,
  };
}

/** What a process came to, with the words of the job itself: they explain an exit code, and never make a failed one good. */
export function withTold(end: End, told: ToldEnd | undefined): End {
  if (!told) return end;
  const contradicts = told.state === 'completed' && end.state !== 'completed';
  const { exitCode, signal, cause } = end;
  const state = contradicts ? end.state : told.state;
  const error = told.error ?? (state === 'completed' ? null : end.error);
  return { state, exitCode, signal, cause, error, final: told.final ?? end.final };
}

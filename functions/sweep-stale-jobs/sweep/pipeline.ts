import type { Backend } from '../../shared/cloud/backends/backend.ts';
import { overlap } from '../../shared/concurrency.ts';
import { LeaseLost, messageOf } from '../../shared/errors.ts';
import type { Source } from '../../shared/model/job/source.ts';
import type { Suspect, Verdict } from '../../shared/model/job/sweep.ts';
import type { SweepCheckpoint, SweepCursor } from '../../shared/model/job/sweep-checkpoint.ts';
import { allLimits } from '../../shared/model/job/sweep-limits.ts';
import type { RunProblem } from '../../shared/model/run/run.ts';
import type { RunContext } from '../../shared/run/task.ts';
import type { ReadOptions } from '../../shared/store/firestore/read-options.ts';
import type { DayStore } from '../../shared/store/own/days.ts';
import type { ActiveCounts, ActiveJobStore } from '../../shared/store/sources/active-jobs.ts';
import { isNewlyStale, selfPreservation, selfPreservationSoFar } from '../rules/guard.ts';
import { earliest } from '../rules/liveness.ts';
import type { Candidate, ScanResult } from '../scan/scan.ts';
import { asker, type Known } from './ask.ts';
import { decide, type Failures, isToEnd, type Judged, judge, type ToEnd } from './judge.ts';
import { addResult, type CandidateResults, noResults } from './results.ts';
import { type WriteTools, writeEndings } from './write.ts';

/** By this share of the budget a sweep has written; what is left is the next one's. */
const WRITTEN_BY = 0.8;

/** A source, and who can be asked about its jobs. */
export interface SweepSource {
  store: ActiveJobStore;
  backend: Backend | null;
}

/** What a source is swept with. */
export interface SweepTools {
  run: RunContext<unknown>;
  days: DayStore;
  options: ReadOptions & { signal: AbortSignal };
  /** Between two sweeps, by the schedule. */
  intervalMs: number;
  now: () => Date;
}

/** Which of a source's jobs are looked at. */
export interface Scope {
  marks: SweepCheckpoint;
  /** Where to begin; `null` at the head. */
  from: SweepCursor | null;
  olderThanMs?: number | undefined;
}

/** What a sweep of one source came to. */
export interface SweepResult {
  source: string;
  /** How many jobs were active before. */
  active: ActiveCounts;
  /** Those that were gone through. */
  outcomes: CandidateResults;
  /** What was found and not gone through: the time was up, or a write failed. */
  left: { jobs: number; oldestAt: Date | null };
  /** Where the next sweep goes on; `null` at the head. */
  cursor: SweepCursor | null;
  /** Whether every suspect was seen and gone through. */
  complete: boolean;
  /** When its backend told of a job that there is one, and what the backend is; `null` where it did not. */
  backendKnew: { at: Date; fingerprint: string } | null;
  /** Why no unconfirmed verdict was carried out; `null` where they were. */
  blind: SelfPreservation | null;
  problems: RunProblem[];
}

/** Why nothing unconfirmed is believed, and what of it is held for that. */
export interface SelfPreservation {
  because: string;
  held: number;
  /** The first limit that was broken since the last sweep. */
  brokenAt: Date;
}

/** What a pipeline is opened with. */
export interface PipelineOptions {
  conclude: (suspect: Suspect) => Verdict;
  /** The person who concludes so, as they named themselves; `null` for the sweep. */
  by: string | null;
  /** How many jobs are active, and how many of those that run show life. */
  counted: Promise<[active: ActiveCounts, alive: number]>;
}

/**
 * The way of suspects through a sweep. They come as they are found and go as soon as they are written, so that few are in
 * memory at once. Only those wait for the end whose verdict, or whose doubt, depends on all the others.
 */
export function pipelineOf(
  { store, backend }: SweepSource,
  { marks }: Scope,
  { run, days, options, intervalMs, now: clockNow }: SweepTools,
  { conclude, by, counted }: PipelineOptions,
) {
  const { name, source } = store;
  const now = run.startedAt;
  const clock = { sweptAt: marks.sweptAt, now, intervalMs };
  const doubts = { clock, mode: source.mode, dryRun: run.dryRun };
  const asking = asker({ store, backend, marks, options, now: clockNow, runId: run.runId });
  const writeTools: WriteTools = {
    store,
    days,
    options,
    run,
    now,
    backend: backend?.name ?? null,
    by,
    isTimeUp: () => run.budgetUsed() > WRITTEN_BY,
  };
  const outcomes = noResults();
  const costs: Failures = { unreadable: [], missingWords: new Map() };
  const writes = overlap();
  const gone: Known[] = [];
  const waiting: Judged[] = [];
  const left: Candidate[] = [];
  let last: Candidate | undefined;
  let [judgedJobs, newlyStale] = [0, 0];
  let failure: unknown = null;
  let stopped = false;

  function judged(known: readonly Known[]): Judged[] {
    const all = judge(known, source, conclude, costs);
    const jobs = all.filter(({ found }) => !found.isExecution);
    judgedJobs += jobs.length;
    newlyStale += jobs.filter(({ verdict }) => isNewlyStale(verdict, clock)).length;
    return all;
  }

  /** Decides over each, writes what is to be written, and keeps what came of it; what cannot be decided yet waits. */
  async function settle(some: readonly Judged[], blind: string | null | undefined): Promise<void> {
    if (stopped) return void left.push(...some.map(({ found }) => found));
    const decided: Judged[] = [];
    const condemned: ToEnd[] = [];
    for (const one of some) {
      const fate = decide(one.verdict, doubts, blind);
      if (fate === 'wait') {
        waiting.push(one);
        continue;
      }
      decided.push(one);
      if (fate !== 'write') one.written = fate;
      else if (isToEnd(one)) condemned.push(one);
    }
    const unwritable: Failures['unreadable'] = [];
    try {
      await writeEndings(condemned, writeTools, unwritable);
    } catch (error) {
      options.signal.throwIfAborted();
      if (error instanceof LeaseLost) throw error;
      failure ??= error;
    }
    costs.unreadable.push(...unwritable);
    const spoilt = new Set(unwritable.map(({ path }) => path));
    const next = condemned.find(({ written, found }) => written === 'no' && !spoilt.has(found.seen.path));
    const through = next ? decided.indexOf(next) : decided.length;
    for (const one of decided.slice(0, through)) addResult(outcomes, one, clock);
    left.push(...decided.slice(through).map(({ found }) => found));
    last = decided[through - 1]?.found ?? last;
    stopped = next !== undefined;
  }

  /** Why nothing unconfirmed is believed, as far as that is known before all are judged. */
  async function foreseen(): Promise<string | null | undefined> {
    const [active, alive] = await counted;
    return selfPreservationSoFar(clock, mayFallSilent(source, active), alive);
  }

  /** The same, now that all that could be read are judged. */
  async function sight(complete: boolean): Promise<string | null> {
    const known = await foreseen();
    if (known !== undefined) return known;
    const [active] = await counted;
    const all = complete ? mayFallSilent(source, active) : judgedJobs;
    return selfPreservation({ ...clock, newlyStale, active: all, complete });
  }

  return {
    /** Whether there is no point in going on: the time is up, or nothing can be written. */
    isStopped: () => stopped,

    /** Resolves when nothing is being written any more, however that ended. */
    idle: writes.idle,

    /** Takes suspects on their way; resolves while the last of them are still being written. */
    async take(found: readonly Candidate[]): Promise<void> {
      const { known, unreadable } = await asking.about(found);
      costs.unreadable.push(...unreadable);
      const isGone = ({ suspect: { truth, jobTruth } }: Known) => (truth ?? jobTruth)?.state === 'gone';
      gone.push(...known.filter(isGone));
      const all = judged(known.filter((it) => !isGone(it)));
      const blind = await foreseen();
      await writes.begin(() => settle(all, blind));
    },

    /** Ends the sweep after a look. */
    async end(look: ScanResult): Promise<SweepResult> {
      await writes.done();
      const unsettled = left.splice(0);
      const readLast = last;
      const unproven = await asking.findWitness(gone);
      asking.doubt(gone);
      const late = [...waiting.splice(0), ...judged(gone)];
      const sawAll = look.complete && unsettled.length === 0;
      const blind = await sight(sawAll);
      await settle(late, blind);
      left.push(...unsettled, ...look.left);
      left.sort((a, b) => a.nth - b.nth);
      const [active] = await counted;
      const knewAt = asking.knewAt();
      return {
        source: name,
        active,
        outcomes,
        blind: blindOf(outcomes, blind, now),
        backendKnew: backend && knewAt ? { at: knewAt, fingerprint: backend.fingerprint } : null,
        left: {
          jobs: left.filter(({ isExecution }) => !isExecution).length,
          oldestAt: oldestOf(left.length === 0 && look.stoppedAt && readLast ? [readLast] : left),
        },
        cursor: left[0]?.at ?? look.stoppedAt,
        complete: look.complete && left.length === 0,
        problems: problemsOf(store, look, costs, { failure, unproven }),
      };
    },
  };
}

/** What a blind sweep holds; `null` where it holds nothing for that. */
function blindOf({ each }: CandidateResults, because: string | null, now: Date): SelfPreservation | null {
  const held = each.filter(({ written }) => written === 'held');
  if (because === null || held.length === 0) return null;
  const first = earliest(held.map((it) => (it.newlyStale ? it.brokenAt : null)));
  return { because, held: held.length, brokenAt: first ?? now };
}

/** Since when the oldest shows no life. Where not even that was read which is left, it is younger than what was read last. */
function oldestOf(found: readonly Candidate[]): Date | null {
  return earliest(found.map(({ seen: { job } }) => job.heartbeatAt ?? job.startedAt ?? job.createdAt));
}

function problemsOf(
  { name }: ActiveJobStore,
  look: Pick<ScanResult, 'unreadable' | 'failure'>,
  { unreadable, missingWords }: Failures,
  { failure, unproven }: { failure: unknown; unproven: unknown },
): RunProblem[] {
  return [
    ...(failure ? [problem(name, 'Cannot write the ends of its jobs', failure)] : []),
    ...(unproven ? [problem(name, 'Cannot find a job that shows life', unproven)] : []),
    ...(look.failure ? [problem(name, 'Cannot sweep all of it', look.failure)] : []),
    ...[...look.unreadable, ...unreadable].map(({ path, error }) =>
      problem(`${name}:${path}`, 'Cannot judge or end it', error),
    ),
    ...[...missingWords].map(([key, count]) => ({
      path: `sources.${name}.${key}`,
      message: `Several of their words mean the same, and none is named: ${count} records cannot be ended`,
    })),
  ];
}

/** How many jobs can become stale: one that may wait for ever cannot while it waits. */
function mayFallSilent({ sweep }: Source, { running, queued }: ActiveCounts): number {
  const mayWait = allLimits(sweep).every(({ maxQueuedMs }) => maxQueuedMs === null);
  return mayWait ? running : running + queued;
}

function problem(path: string, what: string, error: unknown): RunProblem {
  return { path, message: `${what}: ${messageOf(error)}` };
}

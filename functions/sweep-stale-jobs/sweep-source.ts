import type { Backend } from '../shared/cloud/backend.ts';
import { LeaseLost } from '../shared/errors.ts';
import type { RunProblem } from '../shared/model/run.ts';
import type { Source } from '../shared/model/source.ts';
import type { Suspect } from '../shared/model/sweep.ts';
import { allLimits } from '../shared/model/sweep-limits.ts';
import type { SweepCursor, SweepMarks } from '../shared/model/sweep-marks.ts';
import type { RunContext } from '../shared/run/task.ts';
import type { ActiveCounts, ActiveJobStore } from '../shared/store/active-jobs.ts';
import type { SeenJob } from '../shared/store/active-records.ts';
import type { DayStore } from '../shared/store/days.ts';
import type { ReadOptions } from '../shared/store/jobs.ts';
import { ask } from './ask.ts';
import { type Blind, blindnessOf, type Condemned, condemn, type Judged, judge } from './judge.ts';
import { type Found, type Look, lookAt } from './look.ts';
import { type EndByHand, endedByHand, verdictOf } from './verdict.ts';
import { writeEndings } from './write.ts';

/** By these shares of the budget each step of a sweep ends; what is left is the next one's. */
const LOOKED_BY = 0.3;
const ASKED_BY = 0.6;
const WRITTEN_BY = 0.8;

/** A source, and who can be asked about its jobs. */
export interface SweptSource {
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
  marks: SweepMarks;
  /** Where to begin; `null` at the head. */
  from: SweepCursor | null;
  olderThanMs?: number | undefined;
}

/** What a sweep of one source came to. */
export interface Sweep {
  source: string;
  /** How many jobs were active before. */
  active: ActiveCounts;
  /** Those that were gone through. */
  judged: Judged[];
  /** What was found and not gone through: the time was up, or a write failed. */
  left: Found[];
  /** Where the next sweep goes on; `null` at the head. */
  cursor: SweepCursor | null;
  /** Whether every suspect was seen and gone through. */
  complete: boolean;
  /** Why nothing doubtful is believed; `null` where it is. */
  blind: Blind | null;
  problems: RunProblem[];
}

/**
 * Sweeps one source: looks, asks, judges, doubts itself, writes. A record that cannot be read, judged or written costs only
 * itself. Rejects when the source cannot be read at all.
 */
export async function sweepSource(source: SweptSource, scope: Scope, tools: SweepTools): Promise<Sweep> {
  const { run, options } = tools;
  const isTimeUp = () => run.budgetUsed() > LOOKED_BY;
  const active = source.store.active(options);
  const [look] = await Promise.all([
    lookAt(source.store, { ...options, ...scope, now: run.startedAt, active, isTimeUp }),
    active,
  ]);
  return sweepFound(source, { look, active: await active }, scope, tools);
}

/** Sweeps one job and what is active below it, silent or not; or ends the job as a person says. */
export async function sweepJob(
  source: SweptSource,
  seen: SeenJob,
  byHand: EndByHand | null,
  scope: Scope,
  tools: SweepTools,
): Promise<Sweep> {
  const below = byHand ? [] : ((await source.store.executions?.activeOf(seen.path, tools.options)) ?? []);
  const found = [
    { seen, isExecution: false, lookout: '' },
    ...below.map((execution) => ({ seen: execution, isExecution: true, lookout: '' })),
  ];
  const look = { found, unreadable: [], stoppedAt: null, complete: true };
  const now = tools.run.startedAt;
  const conclude = byHand ? (suspect: Suspect) => endedByHand(suspect, byHand, now) : undefined;
  return sweepFound(
    source,
    { look, active: await source.store.active(tools.options) },
    scope,
    tools,
    conclude,
  );
}

/** Asks about what was found, judges it, and ends what is to be ended. */
async function sweepFound(
  { store, backend }: SweptSource,
  { look, active }: { look: Look; active: ActiveCounts },
  scope: Scope,
  { run, days, options, intervalMs, now: clockNow }: SweepTools,
  conclude = (suspect: Suspect) => verdictOf(suspect, run.startedAt),
): Promise<Sweep> {
  const { name, source } = store;
  const now = run.startedAt;
  const until = (share: number) => () => run.budgetUsed() > share;
  const asked = await ask(look.found, {
    ...{ store, backend, marks: scope.marks, options, now: clockNow, isTimeUp: until(ASKED_BY) },
  });

  const judgement = judge(asked.known, source, conclude);
  const sawAll = look.complete && asked.through === look.found.length;
  const clock = { sweptAt: scope.marks.sweptAt, now, intervalMs };
  const sight = { ...clock, active: mayFallSilent(source, active), complete: sawAll };
  const why = blindnessOf(judgement.judged, sight);
  const { condemned, blind } = condemn(judgement.judged, {
    why,
    clock,
    mode: source.mode,
    dryRun: run.dryRun,
  });

  const ends = await end(condemned, {
    ...{ store, days, options, run, now, backend: backend?.name ?? null, isTimeUp: until(WRITTEN_BY) },
  });
  const costs = [...look.unreadable, ...asked.unreadable, ...judgement.unreadable, ...ends.unwritable];
  const problems = costs.map(({ path, error }) =>
    problem(`${name}:${path}`, 'Cannot judge or end it', error),
  );
  for (const [key, count] of judgement.wordless)
    problems.push({
      path: `sources.${name}.${key}`,
      message: `Several of their words mean the same, and none is named: ${count} records cannot be ended`,
    });
  if (ends.failure) problems.unshift(problem(name, 'Cannot write the ends of its jobs', ends.failure));

  const spoilt = new Set(ends.unwritable.map(({ path }) => path));
  const next = condemned.find(({ written, found }) => written === 'no' && !spoilt.has(found.seen.path));
  const index = next ? look.found.indexOf(next.found) : asked.through;
  const left = look.found.slice(index);
  const untouched = new Set(left);
  return {
    ...{ source: name, active, left, blind, problems },
    judged: judgement.judged.filter(({ found }) => !untouched.has(found)),
    cursor: left[0] ? cursorBefore(left[0], look.found[index - 1], scope.from) : look.stoppedAt,
    complete: look.complete && left.length === 0,
  };
}

/** How many jobs can become stale: one that may wait for ever cannot while it waits. */
function mayFallSilent({ sweep }: Source, { running, queued }: ActiveCounts): number {
  const mayWait = allLimits(sweep).every(({ maxQueuedMs }) => maxQueuedMs === null);
  return mayWait ? running : running + queued;
}

/** Writes the ends; where that fails as a whole, what was written stays told. */
async function end(condemned: readonly Condemned[], tools: Parameters<typeof writeEndings>[1]) {
  const unwritable: Parameters<typeof writeEndings>[2] = [];
  try {
    await writeEndings(condemned, tools, unwritable);
    return { unwritable, failure: null };
  } catch (error) {
    tools.run.signal.throwIfAborted();
    if (error instanceof LeaseLost) throw error;
    return { unwritable, failure: error };
  }
}

/** Where a look goes on with `first` again, which came behind `before`. */
function cursorBefore(first: Found, before: Found | undefined, from: SweepCursor | null): SweepCursor {
  const { lookout } = first;
  if (before?.lookout === lookout)
    return { lookout, after: { path: before.seen.path, value: before.seen.value } };
  return from?.lookout === lookout ? from : { lookout, after: null };
}

function problem(path: string, what: string, error: unknown): RunProblem {
  return { path, message: `${what}: ${error instanceof Error ? error.message : String(error)}` };
}

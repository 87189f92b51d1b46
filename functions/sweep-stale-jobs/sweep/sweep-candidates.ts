import { messageOf } from '../../shared/errors.ts';
import type { Source } from '../../shared/model/job/source.ts';
import type { Suspect, Verdict } from '../../shared/model/job/sweep.ts';
import type { SweepCheckpoint } from '../../shared/model/job/sweep-checkpoint.ts';
import { allLimits } from '../../shared/model/job/sweep-limits.ts';
import {
  type SilenceCounts,
  type SweepClock,
  selfPreservation,
  selfPreservationSoFar,
} from '../../shared/model/job/verdict/guard.ts';
import type { Channel } from '../../shared/model/report/channel-reading.ts';
import type { RunProblem } from '../../shared/model/run/run.ts';
import { asker } from '../../shared/truth/ask.ts';
import type { Candidate } from '../../shared/truth/candidate.ts';
import { lookAtChannel } from '../../shared/truth/channel.ts';
import type { Population, ScanEnd, ScanPage } from '../scan/scan.ts';
import { type FirstPass, firstPass, type Steps } from './first-pass.ts';
import { type DecisionRules, type JudgementNotes, judge, type ToEnd } from './judge.ts';
import { mergedResults } from './results.ts';
import { type Settlement, settle } from './settle.ts';
import { backlogOf, type SweepResult, selfPreservationOf, silentChannelOf } from './sweep-result.ts';
import type { Scope, SweepSource, SweepTools } from './sweep-tools.ts';
import { type WriteResult, type WriteTools, writeEndings } from './write.ts';

/** After this share of a run's budget no more pages are taken, so that what waits for all of them can be written. */
const LOOKED_BY = 0.6;
/** After this share nothing more is written. */
const WRITTEN_BY = 0.8;

/** Who gives the verdicts of a sweep. */
export interface Conclusions {
  conclude: (suspect: Suspect) => Verdict;
  /** The person whose word they are; `null` where they are the sweep's own. */
  by: string | null;
}

/**
 * Asks about, judges and ends the candidates of a source as they are read, so that few are in memory at once. Only those
 * wait for the end whose verdict or decision depends on all the others.
 */
export async function sweepCandidates(
  pages: AsyncIterable<ScanPage | ScanEnd>,
  swept: SweepSource,
  { checkpoint }: Scope,
  population: Population,
  conclusions: Conclusions,
  tools: SweepTools,
): Promise<SweepResult> {
  const { store, backend } = swept;
  const now = tools.run.startedAt;
  const clock: SweepClock = { sweptAt: checkpoint.sweptAt, now, intervalMs: tools.intervalMs };
  const channel = await lookAtChannel(store, tools.channels, now, tools.options);
  const steps = stepsOf(swept, { checkpoint, channel }, clock, conclusions, tools);
  const { asking } = steps;
  const canFallSilent = mayFallSilent(store.source, population);
  const foreseen = selfPreservationSoFar(clock, canFallSilent, population.alive);

  const first = await firstPass(pages, foreseen, steps);
  const { end, gone } = first;
  const unsettled = first.settlements.flatMap(({ left }) => left);

  const witnessFailure = await asking.findWitness(gone);
  const late = steps.judgeAll(asking.doubted(gone));
  const notes = [...first.notes, late.notes];
  const sawAll = end.complete && unsettled.length === 0;
  const counts: SilenceCounts = {
    ...clock,
    newlyStale: sum(notes, (some) => some.newlyStale),
    active: sawAll ? canFallSilent : sum(notes, (some) => some.jobs),
    complete: sawAll,
  };
  const preservation = foreseen === undefined ? selfPreservation(counts) : foreseen;
  const waiting = [...first.settlements.flatMap((some) => some.waiting), ...late.judged];
  const last = unsettled.length > 0 ? null : await steps.settleAll(waiting, preservation);

  const settlements = [...first.settlements, ...(last ? [last] : [])];
  const left = [...unsettled, ...end.left, ...(last?.left ?? waiting.map(({ candidate }) => candidate))];
  left.sort((a, b) => a.nth - b.nth);
  const results = mergedResults(settlements.map((some) => some.results));
  const knewAt = asking.knewAt();
  return {
    source: store.name,
    active: population.active,
    results,
    selfPreservation: selfPreservationOf(results, preservation, now),
    channel,
    silentChannel: silentChannelOf(results, channel, store.source, now),
    backendKnew: backend && knewAt ? { at: knewAt, fingerprint: backend.fingerprint } : null,
    left: backlogOf(left, end.stoppedAt && lastOf(first.settlements)),
    cursor: left[0]?.at ?? end.stoppedAt,
    complete: end.complete && left.length === 0,
    problems: problemsOf(store.name, { first, notes, settlements, witnessFailure }),
  };
}

function stepsOf(
  { store, backend }: SweepSource,
  known: { checkpoint: SweepCheckpoint; channel: Channel | null },
  clock: SweepClock,
  { conclude, by }: Conclusions,
  { run, days, options, now }: SweepTools,
): Steps {
  const { source } = store;
  const rules: DecisionRules = { clock, mode: source.mode, dryRun: run.dryRun };
  const writeTools: WriteTools = {
    store,
    days,
    options,
    run,
    now: clock.now,
    backend: backend?.name ?? null,
    by,
    isTimeUp: () => run.budgetUsed() > WRITTEN_BY,
  };
  const write = (toEnd: readonly ToEnd[]): Promise<WriteResult> => writeEndings(toEnd, writeTools);
  return {
    asking: asker({ ...known, store, backend, options, now, runId: run.runId }),
    judgeAll: (known) => judge(known, source, conclude, clock),
    settleAll: (judged, preservation) => settle(judged, preservation, rules, write),
    isTimeUp: () => run.budgetUsed() > LOOKED_BY,
  };
}

function lastOf(settlements: readonly Settlement[]): Candidate | null {
  return settlements.findLast(({ last }) => last !== null)?.last ?? null;
}

/** How many jobs can become stale: a queued job cannot while it may wait without limit. */
function mayFallSilent({ sweep }: Source, { active: { running, queued } }: Population): number {
  const mayWait = allLimits(sweep).every(({ maxQueuedMs }) => maxQueuedMs === null);
  return mayWait ? running : running + queued;
}

function sum<T>(all: readonly T[], figureOf: (one: T) => number): number {
  return all.reduce((total, one) => total + figureOf(one), 0);
}

/** What a sweep of one source could not do. */
interface Failures {
  first: Pick<FirstPass, 'end' | 'unreadable'>;
  notes: readonly JudgementNotes[];
  settlements: readonly Settlement[];
  witnessFailure: unknown;
}

function problemsOf(source: string, { first, notes, settlements, witnessFailure }: Failures): RunProblem[] {
  const problem = (path: string, what: string, error: unknown): RunProblem[] =>
    error ? [{ path, message: `${what}: ${messageOf(error)}` }] : [];
  const writeFailure = settlements.find(({ failure }) => failure)?.failure;
  const unreadable = [...first.unreadable, ...notes.flatMap((some) => some.unreadable)];
  const spoilt = [...unreadable, ...settlements.flatMap(({ unwritable }) => unwritable)];
  const missingWords = Map.groupBy(
    notes.flatMap((some) => some.missingWords),
    (key) => key,
  );
  return [
    ...problem(source, 'Cannot write the ends of its jobs', writeFailure),
    ...problem(source, 'Cannot find a job that shows life', witnessFailure),
    ...problem(source, 'Cannot sweep all of it', first.end.failure),
    ...spoilt.flatMap(({ path, error }) => problem(`${source}:${path}`, 'Cannot judge or end it', error)),
    ...[...missingWords].map(([key, { length }]) => ({
      path: `sources.${source}.${key}`,
      message: `Several of their words mean the same, and none is named: ${length} records cannot be ended`,
    })),
  ];
}

import { overlap } from '../../shared/concurrency.ts';
import { messageOf } from '../../shared/errors.ts';
import type { Source } from '../../shared/model/job/source.ts';
import type { Suspect, Verdict } from '../../shared/model/job/sweep.ts';
import { allLimits } from '../../shared/model/job/sweep-limits.ts';
import type { RunProblem } from '../../shared/model/run/run.ts';
import { type SweepClock, selfPreservation, selfPreservationSoFar } from '../rules/guard.ts';
import type { Candidate, RecordFailure } from '../scan/candidate.ts';
import type { Population, ScanEnd, ScanPage } from '../scan/scan.ts';
import { type Asker, asker, type Known } from './ask.ts';
import { type DecisionRules, type Judged, type JudgementNotes, judge, type ToEnd } from './judge.ts';
import { mergedResults } from './results.ts';
import { type Settlement, settle } from './settle.ts';
import { backlogOf, type SweepResult, selfPreservationOf } from './sweep-result.ts';
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

/** What the steps of one sweep of a source share. */
interface Steps {
  asking: Asker;
  judgeAll: (known: readonly Known[]) => { judged: Judged[]; notes: JudgementNotes };
  settleAll: (judged: readonly Judged[], preservation: string | null | undefined) => Promise<Settlement>;
  isTimeUp: () => boolean;
}

/** What the first pass came to: every page that could be gone through in time. */
interface FirstPass {
  settlements: Settlement[];
  notes: JudgementNotes[];
  unreadable: RecordFailure[];
  /** Candidates that the backend does not know: whether that is believed depends on all the others. */
  gone: Known[];
  end: ScanEnd;
}

/**
 * Asks about, judges and ends the candidates of a source as they are read, so that few are in memory at once. Only those
 * wait for the end whose verdict or decision depends on all the others.
 */
export async function sweepCandidates(
  pages: AsyncIterable<ScanPage | ScanEnd>,
  { store, backend }: SweepSource,
  { checkpoint }: Scope,
  population: Population,
  { conclude, by }: Conclusions,
  { run, days, options, intervalMs, now: clockNow }: SweepTools,
): Promise<SweepResult> {
  const { name, source } = store;
  const now = run.startedAt;
  const clock: SweepClock = { sweptAt: checkpoint.sweptAt, now, intervalMs };
  const rules: DecisionRules = { clock, mode: source.mode, dryRun: run.dryRun };
  const asking = asker({ store, backend, checkpoint, options, now: clockNow, runId: run.runId });
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
  const write = (toEnd: readonly ToEnd[]): Promise<WriteResult> => writeEndings(toEnd, writeTools);
  const steps: Steps = {
    asking,
    judgeAll: (known) => judge(known, source, conclude, clock),
    settleAll: (judged, preservation) => settle(judged, preservation, rules, write),
    isTimeUp: () => run.budgetUsed() > LOOKED_BY,
  };
  const canFallSilent = mayFallSilent(source, population);
  const foreseen = selfPreservationSoFar(clock, canFallSilent, population.alive);

  const first = await firstPass(pages, foreseen, steps);
  const { end, gone } = first;
  const unsettled = first.settlements.flatMap(({ left }) => left);
  const witnessFailure = await asking.findWitness(gone);
  const late = steps.judgeAll(asking.doubted(gone));
  const notes = [...first.notes, late.notes];
  const sawAll = end.complete && unsettled.length === 0;
  const preservation =
    foreseen !== undefined
      ? foreseen
      : selfPreservation({
          ...clock,
          newlyStale: sum(notes, (some) => some.newlyStale),
          active: sawAll ? canFallSilent : sum(notes, (some) => some.jobs),
          complete: sawAll,
        });
  const waiting = [...first.settlements.flatMap((some) => some.waiting), ...late.judged];
  const isStopped = unsettled.length > 0;
  const last = isStopped ? null : await steps.settleAll(waiting, preservation);
  const settlements = [...first.settlements, ...(last ? [last] : [])];
  const left = [...unsettled, ...end.left, ...(last?.left ?? waiting.map(({ candidate }) => candidate))];
  left.sort((a, b) => a.nth - b.nth);
  const results = mergedResults(settlements.map((some) => some.results));
  const knewAt = asking.knewAt();
  return {
    source: name,
    active: population.active,
    results,
    selfPreservation: selfPreservationOf(results, preservation, now),
    backendKnew: backend && knewAt ? { at: knewAt, fingerprint: backend.fingerprint } : null,
    left: backlogOf(left, end.stoppedAt && lastOf(first.settlements)),
    cursor: left[0]?.at ?? end.stoppedAt,
    complete: end.complete && left.length === 0,
    problems: problemsOf(name, { first, notes, settlements, witnessFailure }),
  };
}

/** Goes through the pages while the time lasts and ends can be written; the next page is read while one is written. */
async function firstPass(
  pages: AsyncIterable<ScanPage | ScanEnd>,
  preservation: string | null | undefined,
  { asking, judgeAll, settleAll, isTimeUp }: Steps,
): Promise<FirstPass> {
  const settlements: Settlement[] = [];
  const notes: JudgementNotes[] = [];
  const unreadable: RecordFailure[] = [];
  const gone: Known[] = [];
  const writes = overlap();
  const isStopped = () => settlements.at(-1)?.left.length;
  const endedBy = async (end: ScanEnd): Promise<FirstPass> => {
    await writes.done();
    return { settlements, notes, unreadable, gone, end };
  };

  try {
    for await (const page of pages) {
      if (page.kind === 'end') return await endedBy(page);
      if (isStopped() || isTimeUp()) return await endedBy(leaving(page));
      const asked = await asking.about(page.candidates);
      await writes.done();
      if (isStopped()) return await endedBy(leaving(page));
      const { judged, notes: noted } = judgeAll(asked.known.filter((one) => !isGone(one)));
      gone.push(...asked.known.filter(isGone));
      unreadable.push(...page.unreadable, ...asked.unreadable);
      notes.push(noted);
      await writes.begin(async () => {
        settlements.push(await settleAll(judged, preservation));
      });
    }
    throw new Error('The scan ended without saying how');
  } finally {
    // Nothing may still be under way when the run ends.
    await writes.idle();
  }
}

/** The end of a scan whose page is not taken. */
function leaving({ from, candidates }: ScanPage): ScanEnd {
  return { kind: 'end', stoppedAt: from, left: candidates, complete: false, failure: null };
}

function isGone({ suspect: { truth, jobTruth } }: Known): boolean {
  return (truth ?? jobTruth)?.state === 'gone';
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

import { executionsOf, type Source, wordToWrite } from '../../shared/model/job/source.ts';
import type { Suspect, Verdict } from '../../shared/model/job/sweep.ts';
import { isHeld, type SweepClock } from '../rules/guard.ts';
import type { Known } from './ask.ts';

/** What became of a verdict that ends something; `no` of one that ends nothing. */
export type Disposition = 'yes' | 'dry run' | 'observe' | 'held' | 'race' | 'no';

/** A suspect with what is concluded about it. */
export interface Judged extends Known {
  verdict: Verdict;
  written: Disposition;
}

/** A verdict that ends something. */
export type EndingVerdict = Extract<Verdict, { state: unknown }>;

/** One that is to be ended. */
export type ToEnd = Judged & { verdict: EndingVerdict };

/** What cannot be judged or ended, told at the end of the sweep. */
export interface Failures {
  /** Suspects that nobody can judge, and why. */
  unreadable: { path: string; error: unknown }[];
  /** Keys of the source's settings that name no word to write, and how many suspects lack it. */
  missingWords: Map<string, number>;
}

/** Judges each suspect by `conclude`; one that cannot be judged costs only itself, and is told in `costs`. */
export function judge(
  known: readonly Known[],
  source: Source,
  conclude: (suspect: Suspect) => Verdict,
  costs: Failures,
): Judged[] {
  return known.flatMap((it): Judged[] => {
    try {
      const verdict = conclude(it.suspect);
      const key = 'state' in verdict ? missingWordKey(source, it, verdict) : null;
      if (key) costs.missingWords.set(key, (costs.missingWords.get(key) ?? 0) + 1);
      return [{ ...it, verdict: key ? withoutWord(verdict, key) : verdict, written: 'no' }];
    } catch (error) {
      costs.unreadable.push({ path: it.found.seen.path, error });
      return [];
    }
  });
}

/** The key that should name the word for how a verdict ends something; `null` where there is one. */
function missingWordKey(source: Source, it: Known, verdict: EndingVerdict): string | null {
  if (wordFor(source, it, verdict) !== undefined) return null;
  return `${it.found.isExecution ? 'executions.' : ''}write.${verdict.state}`;
}

/** However sure the verdict is, nobody can tell how to write it. */
function withoutWord({ rule, because, brokenAt }: Verdict, key: string): Verdict {
  const words = `${rule}: ${because}; but ${key} names no word for that`;
  return { kind: 'unknown', rule: 'no-word', because: words, brokenAt, overdue: false };
}

/** Their word for how a verdict ends a job or an execution. */
export function wordFor(source: Source, { found }: Known, { state }: EndingVerdict): string | undefined {
  const mapping = found.isExecution ? executionsOf(source) : source;
  return mapping && wordToWrite(mapping, state);
}

/** What keeps a verdict from being carried out. */
export interface DecisionRules {
  clock: SweepClock;
  mode: Source['mode'];
  dryRun: boolean;
}

/**
 * What is to become of a verdict in a sweep that is blind for the reason `blind`, or is not (`null`), or may be, as
 * nobody can tell before all are judged (`undefined`).
 */
export function decide(
  verdict: Verdict,
  { clock, mode, dryRun }: DecisionRules,
  blind: string | null | undefined,
): Exclude<Disposition, 'yes' | 'race'> | 'write' | 'wait' {
  if (!('state' in verdict)) return 'no';
  if (mode === 'observe') return 'observe';
  if (isHeld(verdict, clock, blind ?? null)) return 'held';
  if (blind === undefined && verdict.unconfirmed) return 'wait';
  return dryRun ? 'dry run' : 'write';
}

export function isToEnd(one: Judged): one is ToEnd {
  return 'state' in one.verdict;
}

import { executionsOf, type Source, wordToWrite } from '../../shared/model/job/source.ts';
import type { EndingVerdict, Suspect, Verdict } from '../../shared/model/job/sweep.ts';
import { isHeld, isNewlyStale, type SweepClock } from '../../shared/model/job/verdict/guard.ts';
import type { Known } from '../../shared/truth/ask.ts';
import type { Candidate, RecordFailure } from '../../shared/truth/candidate.ts';

/** A candidate with what is concluded about it. */
export interface Judged extends Known {
  verdict: Verdict;
  /** The word of its source for how the verdict ends it; `null` where it ends nothing. */
  word: string | null;
  /** Whether it fell silent since the last sweep, for a reason that is not known. */
  newlyStale: boolean;
}

/** A judged candidate that is to be ended. */
export type ToEnd = Judged & { verdict: EndingVerdict; word: string };

/** What is kept of judging some candidates: there may be tens of thousands. */
export interface JudgementNotes {
  /** How many of them are jobs, and how many of those are newly stale. */
  jobs: number;
  newlyStale: number;
  /** Candidates that cannot be judged, and why. */
  unreadable: RecordFailure[];
  /** For each candidate that lacks a word to write: the key of its source's settings that should name one. */
  missingWords: string[];
}

/** What judging some candidates came to. */
export interface Judgement {
  judged: Judged[];
  notes: JudgementNotes;
}

/** Judges each candidate by `conclude`; one that cannot be judged costs only itself. */
export function judge(
  known: readonly Known[],
  source: Source,
  conclude: (suspect: Suspect) => Verdict,
  clock: SweepClock,
): Judgement {
  const judged: Judged[] = [];
  const unreadable: RecordFailure[] = [];
  const missingWords: string[] = [];
  for (const { candidate, suspect } of known)
    try {
      const concluded = conclude(suspect);
      const word = wordFor(source, candidate, concluded);
      const missingKey = 'state' in concluded && word === null ? keyFor(candidate, concluded) : null;
      const verdict = missingKey === null ? concluded : withoutWord(concluded, missingKey);
      judged.push({ candidate, suspect, verdict, word, newlyStale: isNewlyStale(verdict, clock) });
      if (missingKey !== null) missingWords.push(missingKey);
    } catch (error) {
      unreadable.push({ path: candidate.seen.path, error });
    }
  const jobs = judged.filter(({ candidate }) => !candidate.isExecution);
  const newlyStale = jobs.filter((job) => job.newlyStale).length;
  return { judged, notes: { jobs: jobs.length, newlyStale, unreadable, missingWords } };
}

/** The word of its source for how a verdict ends a job or an execution; `null` where there is none, or nothing to end. */
function wordFor(source: Source, { isExecution }: Candidate, verdict: Verdict): string | null {
  if (!('state' in verdict)) return null;
  const mapping = isExecution ? executionsOf(source) : source;
  return (mapping && wordToWrite(mapping, verdict.state)) ?? null;
}

/** The key of the settings that names that word. */
function keyFor({ isExecution }: Candidate, { state }: EndingVerdict): string {
  return `${isExecution ? 'executions.' : ''}write.${state}`;
}

/** However sure a verdict is, without a word it cannot be written. */
function withoutWord({ rule, because, brokenAt }: Verdict, key: string): Verdict {
  const words = `${rule}: ${because}; but ${key} names no word for that`;
  return { kind: 'unknown', rule: 'no-word', because: words, brokenAt, overdue: false, stalled: false };
}

/** What became of a verdict that ends something; `no` for one that ends nothing, and for one that cannot be written. */
export type Disposition = 'yes' | 'dry run' | 'observe' | 'held' | 'race' | 'no';

/** What may keep the verdicts of a sweep from being carried out. */
export interface DecisionRules {
  clock: SweepClock;
  mode: Source['mode'];
  dryRun: boolean;
}

/**
 * Decides on a verdict. `preservation` is why the sweep carries out no unconfirmed verdict, `null` where it does, and
 * `undefined` as long as that depends on candidates that are not judged yet: then an unconfirmed verdict waits.
 */
export function decide(
  verdict: Verdict,
  { clock, mode, dryRun }: DecisionRules,
  preservation: string | null | undefined,
): Exclude<Disposition, 'yes' | 'race'> | 'write' | 'wait' {
  if (!('state' in verdict)) return 'no';
  if (mode === 'observe') return 'observe';
  if (isHeld(verdict, clock, preservation ?? null)) return 'held';
  if (preservation === undefined && verdict.unconfirmed) return 'wait';
  return dryRun ? 'dry run' : 'write';
}

export function isToEnd(one: Judged): one is ToEnd {
  return 'state' in one.verdict && one.word !== null;
}

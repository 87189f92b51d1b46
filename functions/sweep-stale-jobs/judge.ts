import { executionsOf, type Source, wordToWrite } from '../shared/model/source.ts';
import type { Suspect, Verdict } from '../shared/model/sweep.ts';
import type { Known } from './ask.ts';
import { blindness, isNewlyStale, type SweepClock } from './guard.ts';

/** What became of a verdict that ends something; `no` of one that ends nothing. */
export type Written = 'yes' | 'dry run' | 'observe' | 'held' | 'race' | 'no';

/** A suspect with what is concluded about it. */
export interface Judged extends Known {
  verdict: Verdict;
  written: Written;
}

/** A verdict that ends something. */
export type EndingVerdict = Extract<Verdict, { state: unknown }>;

/** One that is to be ended. */
export type Condemned = Judged & { verdict: EndingVerdict };

/** The verdicts on all suspects of one sweep of a source. */
export interface Judgement {
  judged: Judged[];
  /** Suspects that nobody can judge, and why. */
  unreadable: { path: string; error: unknown }[];
  /** Keys of the source's settings that name no word to write, and how many suspects lack it. */
  wordless: Map<string, number>;
}

/** Judges each suspect by `conclude`; one that cannot be judged costs only itself. */
export function judge(
  known: readonly Known[],
  source: Source,
  conclude: (suspect: Suspect) => Verdict,
): Judgement {
  const judgement: Judgement = { judged: [], unreadable: [], wordless: new Map() };
  for (const it of known) {
    try {
      const verdict = conclude(it.suspect);
      const key = 'state' in verdict ? wordlessKey(source, it, verdict) : null;
      judgement.judged.push({ ...it, verdict: key ? withoutWord(verdict, key) : verdict, written: 'no' });
      if (key) judgement.wordless.set(key, (judgement.wordless.get(key) ?? 0) + 1);
    } catch (error) {
      judgement.unreadable.push({ path: it.found.seen.path, error });
    }
  }
  return judgement;
}

/** The key that should name the word for how a verdict ends something; `null` where there is one. */
function wordlessKey(source: Source, it: Known, verdict: EndingVerdict): string | null {
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

/** What a sweep of a source knows of itself. */
export interface Sweeping extends SweepClock {
  /** Jobs that run. */
  active: number;
  complete: boolean;
}

/** Why nothing doubtful of a source is believed in this sweep; `null` when it is. */
export function blindnessOf(judged: readonly Judged[], sweeping: Sweeping): string | null {
  const jobs = judged.filter(({ found }) => !found.isExecution);
  const newlyStale = jobs.filter(({ verdict }) => isNewlyStale(verdict, sweeping)).length;
  const { active, complete } = sweeping;
  return blindness({ ...sweeping, newlyStale, active: complete ? active : jobs.length });
}

/** Why nothing doubtful is believed, and what of it is held for that. */
export interface Blind {
  because: string;
  held: number;
  /** The first limit that was broken since the last sweep. */
  brokenAt: Date;
}

/** What is to be ended, in the order it was found; of the rest it is told why not. */
export function condemn(
  judged: readonly Judged[],
  doubts: { why: string | null; clock: SweepClock; mode: Source['mode']; dryRun: boolean },
): { condemned: Condemned[]; blind: Blind | null } {
  const { why, clock, mode, dryRun } = doubts;
  const condemned: Condemned[] = [];
  const held: Condemned[] = [];
  for (const one of judged.filter(isCondemned)) {
    // Hearts neither stop nor come back at the same instant: what is new waits for a second look.
    const isHeld = one.verdict.doubtful && (why !== null || isNewlyStale(one.verdict, clock));
    if (mode === 'observe') one.written = 'observe';
    else if (isHeld) one.written = 'held';
    else if (dryRun) one.written = 'dry run';
    else condemned.push(one);
    if (one.written === 'held') held.push(one);
  }
  if (why === null || held.length === 0) return { condemned, blind: null };
  const newly = held.filter(({ verdict }) => isNewlyStale(verdict, clock));
  const instants = newly.flatMap(({ verdict: { brokenAt } }) => (brokenAt ? [brokenAt.getTime()] : []));
  const brokenAt = instants.length > 0 ? new Date(Math.min(...instants)) : clock.now;
  return { condemned, blind: { because: why, held: held.length, brokenAt } };
}

function isCondemned(one: Judged): one is Condemned {
  return 'state' in one.verdict;
}

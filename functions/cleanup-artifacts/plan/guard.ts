import type { Decision, KeepReason, OddRoot, Tripped } from '../../shared/model/cleanup/cleanup.ts';
import { cutText } from '../../shared/model/cleanup/plan-texts.ts';
import type { ArtifactPolicy } from '../../shared/model/cleanup/policy.ts';
import { isTerminal } from '../../shared/model/job/job.ts';

/** A deletion whose objects were listed. */
export interface Measured extends Decision {
  objects: number;
  bytes: number;
}

/** A plan, and what it is judged against. */
export interface GuardInput {
  deletes: readonly Measured[];
  /** The decisions on all jobs, including `deletes`. */
  decisions: readonly Decision[];
  policyHash: string;
  /** The hash of the policy that a person approved last. */
  approvedPolicyHash: string | null;
  /** Entries of each source of roots: now, and when a plan was last applied. */
  rootCounts: Readonly<Record<string, number>>;
  appliedRootCounts: Readonly<Record<string, number>> | null;
  /** The roots that may keep anything, because it is not known what they name. */
  unreadableRoots: readonly OddRoot[];
}

/** A share of fewer jobs, or of fewer roots, means little. */
const JOBS_FOR_A_SHARE = 20;
const JOBS_OF_A_PROJECT_FOR_A_SHARE = 10;
const ROOTS_FOR_A_SHARE = 5;
/** One in so many roots may be lost. */
const ROOTS_TO_LOSE_ONE_IN = 5;
/** The most roots that the message names. */
const ROOTS_NAMED = 10;
/** Texts of records are cut in the message: the longest about a root, and of a project's name. */
const ROOT_LENGTH = 400;
const NAME_LENGTH = 100;

/**
 * Returns every guard that the plan trips. Only jobs of sources in mode enforce are judged, because nothing else is deleted. A
 * plan that deletes nothing trips none.
 */
export function guardsTripped(input: GuardInput, { guards }: ArtifactPolicy): Tripped[] {
  const deletes = judgedOf(input);
  if (deletes.length === 0) return [];
  const targets = new Set(deletes.map(({ job }) => job));
  const there = input.decisions.filter(hasArtifacts);
  const enforced = there.filter((decision) => decision.enforced);
  const projects = [...Map.groupBy(there, ({ project }) => project)].sort(([a], [b]) => (a < b ? -1 : 1));

  const tripped: Tripped[] = [];
  const trip = (guard: Tripped['guard'], words: string) => tripped.push({ guard, words });
  const over = (jobs: readonly Decision[], share: number, whose: string, guard: Tripped['guard']) => {
    const gone = jobs.filter(({ job }) => targets.has(job)).length;
    if (gone > share * jobs.length)
      trip(
        guard,
        `${inWords(gone)} of the ${inWords(jobs.length)} ended jobs${whose} with artifacts, over ${percent(share)}`,
      );
  };

  const objects = sum(deletes.map((each) => each.objects));
  if (objects > guards.objects)
    trip('objects', `${inWords(objects)} objects, over ${inWords(guards.objects)}`);
  const bytes = sum(deletes.map((each) => each.bytes));
  if (bytes > guards.bytes) trip('bytes', `${inWords(bytes)} bytes, over ${inWords(guards.bytes)}`);

  if (enforced.length >= JOBS_FOR_A_SHARE) over(enforced, guards.shareOfJobs, '', 'share-of-jobs');
  for (const [project, all] of projects) {
    const jobs = all.filter((decision) => decision.enforced);
    if (jobs.length >= JOBS_OF_A_PROJECT_FOR_A_SHARE)
      over(jobs, guards.shareOfProject, ` of project ${cutText(project, NAME_LENGTH)}`, 'share-of-project');
  }
  for (const [project, jobs] of projects) {
    const successes = jobs.filter(({ state }) => state === 'completed');
    if (successes.length > 0 && successes.every(({ job }) => targets.has(job)))
      trip(
        'last-success',
        `no success of project ${cutText(project, NAME_LENGTH)} would have artifacts any more`,
      );
  }

  tripped.push(...rootsTripped(input), ...unreadableTripped(input));
  if (input.policyHash !== input.approvedPolicyHash)
    trip(
      'new-policy',
      input.approvedPolicyHash
        ? 'the policy, or how a source is read, has changed since a plan was last approved'
        : 'no plan was approved yet',
    );
  return tripped;
}

/**
 * Returns the counts of roots that the next plan is judged by, once this one was applied. Only a plan that was judged lowers
 * them: in a night without deletions no guard asks what became of the roots, so what was there counts on.
 */
export function rootCountsAfter(input: GuardInput): Record<string, number> {
  const { rootCounts, appliedRootCounts } = input;
  if (judgedOf(input).length > 0) return { ...rootCounts };
  const counts = new Map(Object.entries(appliedRootCounts ?? {}));
  for (const [root, now] of Object.entries(rootCounts))
    counts.set(root, Math.max(now, counts.get(root) ?? 0));
  return Object.fromEntries(counts);
}

/** Whether a guard is about the roots, and not about what is deleted. */
export function isAboutRoots({ guard }: Tripped): boolean {
  return guard === 'roots-gone' || guard === 'roots-shrunk' || guard === 'roots-unreadable';
}

/** Returns the roots of which it is not known what they keep, without those that a person accepted. */
export function unreadableRoots<R extends Pick<OddRoot, 'key'>>(
  oddRoots: readonly R[],
  accepted: readonly string[],
): R[] {
  const known = new Set(accepted);
  return oddRoots.filter(({ key }) => key !== null && !known.has(key));
}

/** Returns the deletions that the guards judge. */
function judgedOf({ deletes }: GuardInput): Measured[] {
  return deletes.filter(({ enforced }) => enforced);
}

function unreadableTripped({ unreadableRoots: unread }: GuardInput): Tripped[] {
  if (unread.length === 0) return [];
  const named = unread.slice(0, ROOTS_NAMED).map(({ by, why }) => cutText(`${by}: ${why}`, ROOT_LENGTH));
  const more = unread.length > ROOTS_NAMED ? `; and ${inWords(unread.length - ROOTS_NAMED)} more` : '';
  const one = unread.length === 1;
  const which = `${inWords(unread.length)} root${one ? '' : 's'} cannot be read, so nobody knows what ${one ? 'it keeps' : 'they keep'}`;
  const words = `${which} (${named.join('; ')}${more}): mend the records, or approve the plan where none of it lies in a bucket of the policy`;
  return [{ guard: 'roots-unreadable', words }];
}

/** A source that lost many of its roots may be broken, and not empty. */
function rootsTripped({ rootCounts, appliedRootCounts }: GuardInput): Tripped[] {
  const counts = new Map(Object.entries(rootCounts));
  return Object.entries(appliedRootCounts ?? {}).flatMap(([root, before]): Tripped[] => {
    const now = counts.get(root) ?? 0;
    if (now === 0 && before > 0)
      return [{ guard: 'roots-gone', words: `${root} has no entry any more, after ${inWords(before)}` }];
    if (before < ROOTS_FOR_A_SHARE || (before - now) * ROOTS_TO_LOSE_ONE_IN <= before) return [];
    return [
      { guard: 'roots-shrunk', words: `${root} has ${inWords(now)} entries, after ${inWords(before)}` },
    ];
  });
}

/** The reasons of jobs that have nothing to delete, or of which that is not known. */
const NOTHING_THERE: readonly Decision['reason'][] = [
  'no-artifact',
  'bad-uri',
  'foreign-bucket',
  'deleted-before',
  'nothing-there',
] satisfies KeepReason[];

function hasArtifacts({ state, reason }: Decision): boolean {
  return isTerminal(state) && !NOTHING_THERE.includes(reason);
}

function sum(amounts: readonly number[]): number {
  return amounts.reduce((total, amount) => total + amount, 0);
}

function inWords(count: number): string {
  return count.toLocaleString('en');
}

function percent(share: number): string {
  return `${inWords(share * 100)} %`;
}

import { dayOf } from '../../shared/dates.ts';
import { uriOf } from '../../shared/model/artifact/artifact.ts';
import type { Decision, OddRoot } from '../../shared/model/cleanup/cleanup.ts';
import { closureOf } from './closure.ts';
import { connectedGroups } from './connected-groups.ts';
import type { Kept, PlannedJob } from './decision.ts';
import { type Family, type Forest, forestOf } from './forest.ts';
import { oddRootsOf } from './odd-roots.ts';
import { parentsOf } from './parents.ts';
import { type Basis, type Candidate, judge } from './rules.ts';

/** The jobs whose artifacts are deleted, and those that are kept. */
export interface Choice {
  /** The jobs whose artifacts are deleted, oldest end first. */
  deletions: readonly Candidate[];
  /** All other jobs, by name, and why each is kept. */
  kept: ReadonlyMap<Candidate, Kept>;
  /** The roots of which it is not certain what they name. */
  oddRoots: OddRoot[];
  /** Newest successes that were not looked at yet: older ones may be deleted only while these have artifacts. */
  unproven: PlannedJob[];
  /** The names of the jobs to delete, in groups that depend on each other. */
  groups: string[][];
}

/** A choice with a decision for every job. */
export interface Plan extends Pick<Choice, 'oddRoots' | 'unproven' | 'groups'> {
  /** First the deletions, oldest end first, then the jobs that are kept, by name. */
  decisions: Decision[];
}

/** Decides for every job whether its artifacts may go; see `choose`. */
export function planCleanup(jobs: readonly PlannedJob[], basis: Basis): Plan {
  const choice = choose(jobs, basis);
  const { oddRoots, unproven, groups } = choice;
  return { decisions: [...decisionsOf(choice)], oddRoots, unproven, groups };
}

/**
 * Chooses the jobs whose artifacts may be deleted. What is not clearly superfluous is kept.
 *
 * `found` holds what earlier looks found, by the jobs' names. A job that it keeps, and those kept for its sake, make room in
 * the plan for others, which are not looked at yet.
 */
export function choose(jobs: readonly PlannedJob[], basis: Basis): Choice {
  const { roots, policy, found } = basis;
  const byName = jobs.toSorted((a, b) => (a.name < b.name ? -1 : 1));
  const { candidates, places, naming, successes } = judge(byName, basis);
  const forest = forestOf(candidates, places);
  const parents = parentsOf(candidates, forest, naming);
  const around = { forest, naming, parents, protectedPrefixes: roots.protectedPrefixes };
  const { kept, keepers } = closureOf(candidates, around);
  const superfluous = candidates
    .filter((candidate) => !kept.has(candidate))
    .sort((a, b) => timeOf(a) - timeOf(b));
  const targets = firstFamilies(superfluous, forest, policy.jobsPerPlan);
  const later: Kept = { reason: 'later', because: `a plan deletes at most ${policy.jobsPerPlan} jobs` };
  const deletions = superfluous.filter((candidate) => targets.has(candidate));
  const restingOn = deletions
    .filter(({ job }) => job.state === 'completed')
    .flatMap(({ job }) => successes.newestOf(job));
  const staying = new Map<Candidate, Kept>();
  for (const candidate of candidates)
    if (!targets.has(candidate)) staying.set(candidate, kept.get(candidate) ?? later);
  return {
    deletions,
    kept: staying,
    oddRoots: oddRootsOf(roots, keepers, naming),
    unproven: [...new Set(restingOn)].filter(({ name }) => !found.has(name)),
    groups: connectedGroups(deletions, around),
  };
}

/** Yields the decisions: first the deletions, oldest end first, then the jobs that are kept, by name. */
export function* decisionsOf({ deletions, kept }: Choice): Generator<Decision> {
  for (const candidate of deletions) yield deletionOf(candidate);
  for (const [candidate, why] of kept) yield keepingOf(candidate, why);
}

/**
 * Returns the first of `superfluous`, up to `limit` jobs of sources in enforce, and as many in observe. A family is deleted or
 * waits as a whole, so that no job that waits overlaps one that is deleted. A family larger than the limit is deleted alone.
 */
function firstFamilies(
  superfluous: readonly Candidate[],
  forest: Forest,
  limit: number,
): ReadonlySet<Candidate> {
  const targets = new Set<Candidate>();
  const isSuperfluous = new Set(superfluous);
  for (const mode of [true, false]) {
    const families = new Set<Family | undefined>(
      superfluous
        .filter(({ job }) => job.enforced === mode)
        .map((candidate) => forest.familyOf.get(candidate)),
    );
    let jobs = 0;
    for (const family of families) {
      // A member that has no artifacts is kept, and keeps no other: the rest of its family goes without it.
      const members = family?.filter((member) => isSuperfluous.has(member)) ?? [];
      if (jobs > 0 && jobs + members.length > limit) break;
      jobs += members.length;
      for (const member of members) targets.add(member);
    }
  }
  return targets;
}

function timeOf({ end }: Candidate): number {
  return end?.getTime() ?? 0;
}

function deletionOf(candidate: Candidate): Decision {
  const { end, lapsed } = candidate;
  return {
    ...subjectOf(candidate),
    decision: 'delete',
    reason: 'eligible',
    because: `ended on ${end && dayOf(end)}, and no rule keeps it`,
    nearest: lapsed?.words ?? null,
    eligibleSince: lapsed?.until ?? null,
  };
}

function keepingOf(candidate: Candidate, why: Kept): Decision {
  return { ...subjectOf(candidate), decision: 'keep', ...why, nearest: null, eligibleSince: null };
}

function subjectOf({ job, place }: Candidate) {
  const { name, id, source, project, model, state, enforced } = job;
  const [folder] = place?.folders ?? [];
  const uri = folder ? sameText(uriOf(folder), job.artifactUri) : job.artifactUri;
  return { job: name, id, source, project, model, state, uri, enforced };
}

/** Returns `other` where it equals `text`: it is in memory already. */
function sameText(text: string, other: string | null): string {
  return text === other ? other : text;
}

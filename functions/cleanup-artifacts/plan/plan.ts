import { dayOf } from '../../shared/dates.ts';
import { uriOf } from '../../shared/model/artifact/artifact.ts';
import type { Decision, OddRoot } from '../../shared/model/cleanup/cleanup.ts';
import { closureOf } from './closure.ts';
import { connectedGroups } from './connected-groups.ts';
import type { Kept, PlannedJob } from './decision.ts';
import { type Family, type Forest, forestOf } from './forest.ts';
import { oddRootsOf } from './odd-roots.ts';
import { type Basis, type Candidate, judge } from './rules.ts';

/** Which jobs go and which stay, and what that rests on. */
export interface Choice {
  /** Those whose artifacts go, oldest end first. */
  deletions: readonly Candidate[];
  /** All others, by name, and why each stays. */
  kept: ReadonlyMap<Candidate, Kept>;
  /** The roots that cannot be taken at their word. */
  oddRoots: OddRoot[];
  /** Successes that others rest on and that were not looked at yet: those may go only while these have artifacts. */
  unproven: PlannedJob[];
  /** The names of the jobs to delete, those together that have to do with each other. */
  groups: string[][];
}

/** A choice, written out for every job. */
export interface Plan extends Pick<Choice, 'oddRoots' | 'unproven' | 'groups'> {
  /** First the deletions, oldest end first, then what is kept, by name. */
  decisions: Decision[];
}

/** Decides for every job whether its artifacts may go; see `choose`. */
export function planCleanup(jobs: readonly PlannedJob[], basis: Basis): Plan {
  const choice = choose(jobs, basis);
  const { oddRoots, unproven, groups } = choice;
  return { decisions: [...decisionsOf(choice)], oddRoots, unproven, groups };
}

/**
 * Chooses the jobs whose artifacts may go (DESIGN.md, section 6). Whatever is not clearly superfluous is kept.
 *
 * What was found of jobs outside their records is handed back in as `found`, by their names: it keeps those jobs and all
 * that is kept for their sake, and lets others move up to `jobsPerPlan`, whose objects are not listed yet.
 */
export function choose(jobs: readonly PlannedJob[], basis: Basis): Choice {
  const { roots, policy, found } = basis;
  const byName = jobs.toSorted((a, b) => (a.name < b.name ? -1 : 1));
  const { candidates, places, naming, successes } = judge(byName, basis);
  const forest = forestOf(candidates, places);
  const around = { forest, naming, protectedPrefixes: roots.protectedPrefixes };
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

/** A choice in words: first the deletions, oldest end first, then what is kept, by name. */
export function* decisionsOf({ deletions, kept }: Choice): Generator<Decision> {
  for (const candidate of deletions) yield deletionOf(candidate);
  for (const [candidate, why] of kept) yield keepingOf(candidate, why);
}

/**
 * The first of `superfluous` up to `limit`; those that are only observed are counted by themselves. A family goes or
 * waits whole, so that nothing that waits lies where something is deleted; one larger than the limit goes alone.
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
      superfluous.filter(({ job }) => job.enforced === mode).map((it) => forest.familyOf.get(it)),
    );
    let jobs = 0;
    for (const family of families) {
      // One in which nothing lies stays behind, and keeps no other.
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

/** A text, and where another one is the same the one that is in memory already. */
function sameText(text: string, other: string | null): string {
  return text === other ? other : text;
}

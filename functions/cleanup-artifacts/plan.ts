import { dayOf } from '../shared/dates.ts';
import { uriOf } from '../shared/model/artifact.ts';
import type { Decision } from '../shared/model/cleanup.ts';
import type { ArtifactPolicy } from '../shared/model/policy.ts';
import { keptOf } from './closure.ts';
import type { Kept, PlannedJob, Roots } from './decision.ts';
import { type Family, type Forest, forestOf } from './forest.ts';
import { type Candidate, candidatesOf } from './rules.ts';

/**
 * Decides for every job whether its artifacts may go (DESIGN.md, section 6): first the deletions, oldest end first, then
 * what is kept, by name. Whatever is not clearly superfluous is kept.
 *
 * What a listing of the objects then finds is handed back in as `found`, by the jobs' names: it keeps those jobs and all
 * that is kept for their sake, and lets others move up to `jobsPerPlan`, whose objects are not listed yet.
 */
export function planCleanup(
  jobs: readonly PlannedJob[],
  roots: Roots,
  policy: ArtifactPolicy,
  now: Date,
  found: ReadonlyMap<string, Kept> = new Map(),
): Decision[] {
  const byName = jobs.toSorted((a, b) => (a.name < b.name ? -1 : 1));
  const candidates = candidatesOf(byName, { roots, policy, now, found });
  const forest = forestOf(candidates);
  const kept = keptOf(candidates, forest, roots.protectedPrefixes);
  const superfluous = candidates
    .filter((candidate) => !kept.has(candidate))
    .sort((a, b) => timeOf(a) - timeOf(b));
  const going = firstFamilies(superfluous, forest, policy.jobsPerPlan);
  const later: Kept = { reason: 'later', because: `a plan deletes at most ${policy.jobsPerPlan} jobs` };
  return [
    ...superfluous.filter((candidate) => going.has(candidate)).map(deletionOf),
    ...candidates
      .filter((candidate) => !going.has(candidate))
      .map((candidate) => keepingOf(candidate, kept.get(candidate) ?? later)),
  ];
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
  const going = new Set<Candidate>();
  for (const mode of [true, false]) {
    const families = new Set<Family | undefined>(
      superfluous.filter(({ job }) => job.enforced === mode).map((it) => forest.familyOf.get(it)),
    );
    let jobs = 0;
    for (const family of families) {
      const members = family?.members ?? [];
      if (jobs > 0 && jobs + members.length > limit) break;
      jobs += members.length;
      for (const member of members) going.add(member);
    }
  }
  return going;
}

function timeOf({ end }: Candidate): number {
  return end?.getTime() ?? 0;
}

function deletionOf(candidate: Candidate): Decision {
  const { end, lapsed } = candidate;
  return {
    ...subjectOf(candidate),
    ...{ decision: 'delete', reason: 'eligible' },
    because: `ended on ${end && dayOf(end)}, and no rule keeps it`,
    nearest: lapsed?.words ?? null,
    eligibleSince: lapsed?.until ?? null,
  };
}

function keepingOf(candidate: Candidate, why: Kept): Decision {
  return { ...subjectOf(candidate), decision: 'keep', ...why, nearest: null, eligibleSince: null };
}

function subjectOf({ job, prefix }: Candidate) {
  const { name, id, source, project, model, state, enforced } = job;
  const uri = prefix ? uriOf(prefix) : job.artifactUri;
  return { job: name, id, source, project, model, state, uri, enforced };
}

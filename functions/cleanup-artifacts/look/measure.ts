import { pooledMap } from '../../shared/concurrency.ts';
import { DeadlineExceeded, UpstreamError } from '../../shared/errors.ts';
import { uriOf } from '../../shared/model/artifact/artifact.ts';
import type { Decision, OddRoot, PlanLine } from '../../shared/model/cleanup/cleanup.ts';
import type { ArtifactPolicy } from '../../shared/model/cleanup/policy.ts';
import type { Finding, PlannedJob, Roots } from '../plan/decision.ts';
import { planCleanup } from '../plan/plan.ts';
import { type Found, hasArtifacts, type LookTools, lookAt, standing } from './look.ts';

const LOOKS_AT_ONCE = 16;

/** What a plan is made from. */
export interface Planning extends LookTools {
  jobs: readonly PlannedJob[];
  roots: Roots;
  policy: ArtifactPolicy;
}

/** A plan of which everything that it would delete was looked at. */
export interface MeasuredPlan {
  lines: PlanLine[];
  oddRoots: OddRoot[];
  /** What was found, by the jobs' names. */
  found: ReadonlyMap<string, Found>;
}

/**
 * Plans, looks at what the plan would delete and at the successes that it rests on, and plans again with what was found,
 * until every deletion was looked at. Of all others nothing is ever listed.
 */
export async function planAndMeasure(planning: Planning): Promise<MeasuredPlan> {
  const { jobs, roots, policy, now } = planning;
  const byName = new Map(jobs.map((job) => [job.name, job]));
  const looked = new Map<string, Found>();
  const proven = new Map<string, Finding>();
  for (;;) {
    const found = new Map([...proven, ...looked]);
    const { decisions, oddRoots, unproven } = planCleanup(jobs, { roots, policy, now, found });
    const candidates = decisions.flatMap(({ job, decision }) =>
      decision === 'delete' && !looked.has(job) ? (byName.get(job) ?? []) : [],
    );
    if (candidates.length + unproven.length === 0)
      return { lines: decisions.map((it) => lineOf(it, looked.get(it.job))), oddRoots, found: looked };
    const looks = [
      ...candidates.map((job) => ({ job, into: looked, look: () => lookAt(job, planning) })),
      ...unproven.map((job) => ({
        job,
        into: proven,
        look: async () => standing(null, !(await hasArtifacts(job, planning))),
      })),
    ];
    const faults: Error[] = [];
    await pooledMap(looks, LOOKS_AT_ONCE, async ({ job, into, look }) => {
      try {
        into.set(job.name, await look());
      } catch (error) {
        planning.options.signal.throwIfAborted();
        const fault = error instanceof UpstreamError || error instanceof DeadlineExceeded;
        if (!fault || (error instanceof UpstreamError && error.status === 403)) throw error;
        faults.push(error);
        into.set(job.name, standing({ reason: 'unlisted', because: error.message }, true));
      }
    });
    // One place that fails blocks no other; where all of them fail, it is Cloud Storage that does.
    if (faults[0] && faults.length === looks.length) throw faults[0];
  }
}

function lineOf(decision: Decision, found: Found | undefined): PlanLine {
  if (!found?.target) return { ...decision, objects: null, bytes: null };
  return { ...decision, uri: uriOf(found.target), objects: found.objects, bytes: found.bytes };
}

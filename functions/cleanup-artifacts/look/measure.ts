import { pooledMap } from '../../shared/concurrency.ts';
import { DeadlineExceeded, UpstreamError } from '../../shared/errors.ts';
import { uriOf } from '../../shared/model/artifact/artifact.ts';
import type { Decision, OddRoot, PlanLine } from '../../shared/model/cleanup/cleanup.ts';
import type { PlannedJob } from '../plan/decision.ts';
import { choose, decisionsOf } from '../plan/plan.ts';
import type { Basis } from '../plan/rules.ts';
import { type Found, type Looker, standing } from './look.ts';

const LOOKS_AT_ONCE = 16;

/** What a plan is made from, without the findings. */
export type Planning = Omit<Basis, 'found'> & { jobs: readonly PlannedJob[] };

/** A plan in which every deletion was looked at. */
export interface MeasuredPlan {
  lines: PlanLine[];
  oddRoots: OddRoot[];
  /** What was found, by the jobs' names. */
  found: ReadonlyMap<string, Found>;
}

/**
 * Plans, looks at what the plan would delete and at the successes that it rests on, and plans again with the findings, until
 * every deletion was looked at. Nothing is listed for other jobs.
 */
export async function planAndMeasure(
  planning: Planning,
  look: Looker,
  signal: AbortSignal,
): Promise<MeasuredPlan> {
  const looked = new Map<string, Found>();
  const proven = new Map<string, Found>();
  for (;;) {
    const next = planOrLooks(planning, look, looked, proven);
    if (!Array.isArray(next)) return next;
    await takeLooks(next, signal);
  }
}

/** One look that a plan needs, and the map that its finding belongs into. */
interface Look {
  job: PlannedJob;
  into: Map<string, Found>;
  look: () => Promise<Found>;
}

/** Returns the plan where everything that it rests on was looked at; else the looks that are missing. */
function planOrLooks(
  planning: Planning,
  { lookAt, prove }: Looker,
  looked: Map<string, Found>,
  proven: Map<string, Found>,
): MeasuredPlan | Look[] {
  const { jobs, ...basis } = planning;
  const choice = choose(jobs, { ...basis, found: new Map([...proven, ...looked]) });
  const { deletions, unproven, oddRoots } = choice;
  const looks = [
    ...deletions
      .filter(({ job }) => !looked.has(job.name))
      .map(({ job }): Look => ({ job, into: looked, look: () => lookAt(job) })),
    ...unproven.map((job): Look => ({ job, into: proven, look: () => prove(job) })),
  ];
  if (looks.length > 0) return looks;
  const lines: PlanLine[] = [];
  for (const decision of decisionsOf(choice)) lines.push(lineOf(decision, looked.get(decision.job)));
  return { lines, oddRoots, found: looked };
}

/** Takes looks. A place that fails does not stop the others; where all fail, the fault is in Cloud Storage, and this rejects. */
async function takeLooks(looks: readonly Look[], signal: AbortSignal): Promise<void> {
  const faults: Error[] = [];
  await pooledMap(looks, LOOKS_AT_ONCE, async ({ job, into, look }) => {
    try {
      into.set(job.name, await look());
    } catch (error) {
      signal.throwIfAborted();
      const fault = error instanceof UpstreamError || error instanceof DeadlineExceeded;
      if (!fault || (error instanceof UpstreamError && error.status === 403)) throw error;
      faults.push(error);
      into.set(job.name, standing({ reason: 'unlisted', because: error.message }, true));
    }
  });
  if (faults[0] && faults.length === looks.length) throw faults[0];
}

function lineOf(decision: Decision, found: Found | undefined): PlanLine {
  if (!found?.target) return { ...decision, objects: null, bytes: null };
  return { ...decision, uri: uriOf(found.target), objects: found.objects, bytes: found.bytes };
}

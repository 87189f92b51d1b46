import { laterOf } from '../../shared/dates.ts';
import type { Prefix } from '../../shared/model/artifact/artifact.ts';
import { isGoing } from '../../shared/model/artifact/artifact-life.ts';
import { type PrefixIndex, prefixIndex } from '../../shared/model/artifact/prefix-index.ts';
import type { ArtifactPolicy } from '../../shared/model/cleanup/policy.ts';
import { isUnreadable } from '../../shared/model/job/job.ts';
import type { Finding, Kept, PlannedJob, Roots } from './decision.ts';
import { holdsOn, keptBy, type Lapsed, lapsedOf, type Rules } from './holds.ts';
import { type Meaning, type Naming, namingOf } from './naming.ts';
import { prefixLookup } from './prefix-lookup.ts';
import { isMarked, type Standing, standingOf } from './standing.ts';
import { type Successes, successesOf } from './successes.ts';

/** The rules that keep a job's artifacts whatever becomes of other jobs. */

/** A job, with what it says of itself. */
export interface Candidate extends Pick<Standing, 'place'> {
  job: PlannedJob;
  /** An end before the start counts as the start. */
  end: Date | null;
  /** What its URI means where nothing can be deleted. */
  meaning: Meaning | undefined;
  /** All that it may hold. */
  reach: readonly Prefix[];
  /** Whether others are kept for its sake while it is kept. */
  protects: boolean;
  /** Why it is kept, by itself. */
  own: Kept | undefined;
  /** Whether it is kept for something else than a parent that nobody can read: then it needs that parent. */
  needsParents: boolean;
  /** The last rule that kept it, where none does any more. */
  lapsed: Lapsed | undefined;
}

/** What all jobs are judged by. `found` is what was found of jobs outside their records, by their names. */
export interface Basis {
  roots: Roots;
  policy: ArtifactPolicy;
  now: Date;
  found: ReadonlyMap<string, Finding>;
}

/** All jobs as they were judged, and what they were judged by. */
export interface Judgement {
  candidates: Candidate[];
  /** Where artifacts may be deleted. */
  places: PrefixIndex;
  naming: Naming;
  successes: Successes;
}

interface Placed extends Standing {
  job: PlannedJob;
  end: Date | null;
}

/** Judges each job by itself. */
export function judge(jobs: readonly PlannedJob[], { policy, roots, now, found }: Basis): Judgement {
  const placed = jobs.map((job): Placed => ({ job, end: endOf(job), ...standingOf(job, policy, now) }));
  const places = prefixIndex(placed.flatMap(({ place }) => place?.folders ?? []));
  const models = roots.models.flatMap(({ model }) => model ?? []);
  const naming = namingOf({ jobs, places, buckets: policy.buckets, models });
  const successes = successesOf(
    placed.flatMap(({ job, end, place }) => {
      const isOne = job.state === 'completed' && place && end && end <= now && !isGoing(job);
      return isOne && isOfKnownKind(job) && !found.get(job.name)?.isEmpty ? [{ job, end }] : [];
    }),
    policy.keepSuccesses,
  );
  const lasting = roots.pins.filter(({ keepUntil }) => keepUntil === null || keepUntil > now);
  const rules: Rules = {
    policy,
    now,
    models: prefixLookup(roots.models, naming),
    pins: prefixLookup(roots.pins, naming),
    lastingPins: prefixLookup(lasting, naming),
    successes,
    found,
  };
  return { candidates: placed.map((it) => candidateOf(it, naming, rules)), places, naming, successes };
}

function candidateOf({ job, end, ...standing }: Placed, naming: Naming, rules: Rules): Candidate {
  const { place, barrier, protects, said } = standing;
  // Where nothing can be deleted in any case, what it says may still be what others must not touch.
  const meaning = place || !said ? undefined : naming.meaningOf(said, { self: job });
  const reach = place?.reach ?? meaning?.reach ?? [];
  const candidate = { job, end, place, meaning, reach, lapsed: undefined };
  if (barrier && protects === 'always')
    return { ...candidate, protects: true, own: barrier, needsParents: true };

  // A root that keeps what lies around keeps that by itself.
  const all = [...holdsOn({ job, end, reach: barrier ? [] : reach }, rules)];
  const holds = all.filter(({ until }) => until === null || until > rules.now);
  const own = holds[0] && keptBy(holds[0]);
  const needsParents = own === undefined || holds.some(({ isForParent }) => !isForParent);
  if (!barrier) {
    // Unless something else keeps it, too, what holds nothing keeps nothing.
    const isEmpty = own?.reason === 'nothing-there';
    return { ...candidate, protects: !isEmpty, own, needsParents, lapsed: own ? undefined : lapsedOf(all) };
  }
  const isRoot = () => (rules.models(job, []) ?? rules.lastingPins(job, [])) !== undefined;
  const isWanted = protects === 'wanted' ? own !== undefined : isMarked(job, rules.now) || isRoot();
  const because = isWanted && own ? `${barrier.because}; ${own.because}` : barrier.because;
  return { ...candidate, protects: isWanted, own: { ...barrier, because }, needsParents };
}

/** Whether anybody can tell among which successes it counts. */
function isOfKnownKind(job: PlannedJob): boolean {
  return !isUnreadable(job, 'project') && !isUnreadable(job, 'model');
}

function endOf({ startedAt, endedAt }: PlannedJob): Date | null {
  return startedAt && endedAt ? laterOf(startedAt, endedAt) : endedAt;
}

import { laterOf } from '../../shared/dates.ts';
import type { Prefix } from '../../shared/model/artifact/artifact.ts';
import { isGoing } from '../../shared/model/artifact/artifact-life.ts';
import { type PrefixIndex, prefixIndex } from '../../shared/model/artifact/prefix-index.ts';
import type { ArtifactPolicy } from '../../shared/model/cleanup/policy.ts';
import { isUnreadable } from '../../shared/model/job/job.ts';
import type { Finding, Kept, PlannedJob, Roots } from './decision.ts';
import { type Hold, holdsOn, keptBy, type Lapsed, lapsedOf, type Rules } from './holds.ts';
import { type Meaning, type Naming, namingOf } from './naming.ts';
import { prefixLookup } from './prefix-lookup.ts';
import { isMarked, type Standing, saidOf, standingOf } from './standing.ts';
import { type Successes, successesOf } from './successes.ts';

/** The rules that keep a job's artifacts whatever becomes of other jobs. */

/** A job, with what it says of itself. */
export interface Candidate extends Pick<Standing, 'place'> {
  job: PlannedJob;
  /** An end before the start counts as the start. */
  end: Date | null;
  /** What its URI means, where nothing can be deleted and it cannot be taken at its word. */
  meaning: Meaning | undefined;
  /** All that it may hold; empty where it keeps no other job. */
  reach: readonly Prefix[];
  /** Whether others are kept for its sake while it is kept: its parents, and what overlaps its place. */
  protects: boolean;
  /** Whether its parents alone are kept for its sake. */
  protectsParents: boolean;
  /** Why it is kept, by itself. */
  own: Kept | undefined;
  /** Whether it is kept for something else than a parent that cannot be read: then it needs that parent. */
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

interface Placed extends Pick<Standing, 'place' | 'barrier' | 'protects'> {
  job: PlannedJob;
  end: Date | null;
}

/** Judges each job by itself. */
export function judge(jobs: readonly PlannedJob[], { policy, roots, now, found }: Basis): Judgement {
  const shareKept = sharedKept();
  const placed = jobs.map((job): Placed => {
    const { place, barrier, protects } = standingOf(job, policy, now);
    return { job, end: endOf(job), place, barrier: barrier && shareKept(barrier), protects };
  });
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
  const candidates = placed.map((each) => candidateOf(each, naming, rules, shareKept));
  return { candidates, places, naming, successes };
}

/** What is decided on a job by itself: the part of a candidate that its standing does not hold. */
type Decided = Omit<Candidate, 'job' | 'end' | 'place'>;

function candidateOf(placed: Placed, naming: Naming, rules: Rules, shareKept: ShareKept): Candidate {
  const { job, end, place, barrier } = placed;
  const decided = barrier ? decideBarred(placed, barrier, naming, rules) : decideOpen(placed, rules);
  // Not by spreading, which takes more memory: there is one of these for every job.
  return {
    job,
    end,
    place,
    meaning: decided.meaning,
    reach: decided.reach,
    protects: decided.protects,
    protectsParents: decided.protectsParents,
    own: decided.own && shareKept(decided.own),
    needsParents: decided.needsParents,
    lapsed: decided.lapsed,
  };
}

/** Decides on a job whose artifacts may be deleted where no rule keeps them. */
function decideOpen({ job, end, place }: Placed, rules: Rules): Decided {
  const reach = place?.reach ?? [];
  const all = [...holdsOn({ job, end, reach }, rules)];
  const { own, needsParents } = lastingOf(all, rules.now);
  // Unless something else keeps it, too, what holds nothing keeps nothing.
  const protects = own?.reason !== 'nothing-there';
  return {
    meaning: undefined,
    reach,
    protects,
    protectsParents: false,
    own,
    needsParents,
    lapsed: own ? undefined : lapsedOf(all),
  };
}

/** Decides on a job whose artifacts cannot be deleted in any case: whether others are kept for its sake. */
function decideBarred({ job, end, protects }: Placed, barrier: Kept, naming: Naming, rules: Rules): Decided {
  const kept = {
    protects: true,
    protectsParents: false,
    own: barrier,
    needsParents: true,
    lapsed: undefined,
  };
  // What it says may still be what others must not touch.
  if (protects === 'always') return { ...kept, ...meant(job, naming) };

  // A root that keeps what lies around keeps that by itself.
  const { own, needsParents } = lastingOf([...holdsOn({ job, end, reach: [] }, rules)], rules.now);
  const isRoot = () => (rules.models(job, []) ?? rules.lastingPins(job, [])) !== undefined;
  const isMarkedOne = protects !== 'wanted' && (isMarked(job, rules.now) || isRoot());
  const isWanted = isMarkedOne || (protects !== 'marked' && own !== undefined);
  const because = isWanted && own ? `${barrier.because}; ${own.because}` : barrier.because;
  const understood = isWanted || !isGone(barrier) ? meant(job, naming) : NOTHING_MEANT;
  return {
    ...kept,
    ...understood,
    protects: isMarkedOne || (isWanted && protects === 'wanted'),
    protectsParents: isWanted && protects === 'parents',
    own: { reason: barrier.reason, because },
    needsParents,
  };
}

/** Whether nothing is left of the artifacts: then the job needs no other's. */
export function isGone({ reason }: Kept): boolean {
  return reason === 'deleted-before' || reason === 'nothing-there';
}

const NOTHING_MEANT: Pick<Candidate, 'meaning' | 'reach'> = { meaning: undefined, reach: [] };

/** What a job's URI means where nothing can be deleted. */
function meant(self: PlannedJob, naming: Naming): Pick<Candidate, 'meaning' | 'reach'> {
  const said = saidOf(self, 'artifactUri');
  if (!said) return NOTHING_MEANT;
  const meaning = naming.meaningOf(said, { self });
  return { meaning: meaning.doubt === null ? undefined : meaning, reach: meaning.reach };
}

/** The first rule that still keeps a job, and whether any does for something else than a parent that cannot be read. */
function lastingOf(holds: readonly Hold[], now: Date): Pick<Candidate, 'own' | 'needsParents'> {
  const lasting = holds.filter(({ until }) => until === null || until > now);
  const own = lasting[0] && keptBy(lasting[0]);
  return { own, needsParents: own === undefined || lasting.some(({ isForParent }) => !isForParent) };
}

/** Returns one and the same reason for equal ones: many jobs are kept for the same. */
type ShareKept = (kept: Kept) => Kept;

function sharedKept(): ShareKept {
  const known = new Map<string, Kept>();
  return (kept) => {
    const key = `${kept.reason} ${kept.because}`;
    const first = known.get(key);
    if (first === undefined) known.set(key, kept);
    return first ?? kept;
  };
}

/** Whether it is known among which successes it counts. */
function isOfKnownKind(job: PlannedJob): boolean {
  return !isUnreadable(job, 'project') && !isUnreadable(job, 'model');
}

function endOf({ startedAt, endedAt }: PlannedJob): Date | null {
  return startedAt && endedAt ? laterOf(startedAt, endedAt) : endedAt;
}

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

/** Applies the rules that keep a job's artifacts independently of other jobs. */

/** A job, with what the rules decided on it. */
export interface Candidate extends Pick<Standing, 'place'> {
  job: PlannedJob;
  /** An end before the start counts as the start. */
  end: Date | null;
  /** The meaning of its URI, where nothing can be deleted and it is not certain what the URI names. */
  meaning: Meaning | undefined;
  /** The prefixes that its artifacts may be at; empty where it keeps no other job. */
  reach: readonly Prefix[];
  /** Whether its parents, and jobs that overlap its place, are kept while it is kept. */
  protects: boolean;
  /** Whether only its parents are kept while it is kept. */
  protectsParents: boolean;
  /** Why it is kept by a rule; `undefined` where no rule keeps it. */
  own: Kept | undefined;
  /** Whether anything but an unreadable parent keeps it: then it needs its parents. */
  needsParents: boolean;
  /** The last rule that kept it, where none keeps it now. */
  lapsed: Lapsed | undefined;
}

/** What all jobs are judged by. */
export interface Basis {
  roots: Roots;
  policy: ArtifactPolicy;
  now: Date;
  /** Findings outside the records, by the jobs' names. */
  found: ReadonlyMap<string, Finding>;
}

/** All jobs as they were judged, and what they were judged by. */
export interface Judgement {
  candidates: Candidate[];
  /** The places where artifacts may be deleted. */
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

/** The part of a candidate that the rules decide. */
type Decided = Omit<Candidate, 'job' | 'end' | 'place'>;

function candidateOf(placed: Placed, naming: Naming, rules: Rules, shareKept: ShareKept): Candidate {
  const { job, end, place, barrier } = placed;
  const decided = barrier ? decideBarred(placed, barrier, naming, rules) : decideOpen(placed, rules);
  // Not spread, which takes more memory: there is one candidate for every job.
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

/** Decides on a job whose artifacts may be deleted unless a rule keeps them. */
function decideOpen({ job, end, place }: Placed, rules: Rules): Decided {
  const reach = place?.reach ?? [];
  const all = [...holdsOn({ job, end, reach }, rules)];
  const { own, needsParents } = lastingOf(all, rules.now);
  // A job without artifacts keeps no others, unless another rule keeps it.
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

/** Decides on a job whose artifacts cannot be deleted in any case: only whether others are kept for its sake. */
function decideBarred({ job, end, protects }: Placed, barrier: Kept, naming: Naming, rules: Rules): Decided {
  const kept = {
    protects: true,
    protectsParents: false,
    own: barrier,
    needsParents: true,
    lapsed: undefined,
  };
  // Its URI may name artifacts that must not be deleted with those of others.
  if (protects === 'always') return { ...kept, ...meant(job, naming) };

  // Without its reach: a root keeps what overlaps it in any case.
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

/** Whether nothing is left of a candidate: then it needs nothing of others, unless another began from it. */
export function isEmptied({ own }: Pick<Candidate, 'own'>): boolean {
  return own !== undefined && isGone(own);
}

function isGone({ reason }: Kept): boolean {
  return reason === 'deleted-before' || reason === 'nothing-there';
}

/**
 * Returns what stands for a job of which nothing is left where another began from it: what it began from itself, and what
 * lies at its place by now, for a later job may have written there. Nobody's deletion was of a whole bucket.
 */
export function asParent(gone: Candidate, naming: Naming): Candidate {
  const { meaning, reach } = meant(gone.job, naming);
  return { ...gone, meaning, reach: reach.filter(({ path }) => path !== '') };
}

const NOTHING_MEANT: Pick<Candidate, 'meaning' | 'reach'> = { meaning: undefined, reach: [] };

/** Interprets the URI of a job of which nothing can be deleted. */
function meant(self: PlannedJob, naming: Naming): Pick<Candidate, 'meaning' | 'reach'> {
  const said = saidOf(self, 'artifactUri');
  if (!said) return NOTHING_MEANT;
  const meaning = naming.meaningOf(said, { self });
  return { meaning: meaning.doubt === null ? undefined : meaning, reach: meaning.reach };
}

/** Returns the first rule that still keeps a job, and whether any but that of an unreadable parent does. */
function lastingOf(holds: readonly Hold[], now: Date): Pick<Candidate, 'own' | 'needsParents'> {
  const lasting = holds.filter(({ until }) => until === null || until > now);
  const own = lasting[0] && keptBy(lasting[0]);
  return { own, needsParents: own === undefined || lasting.some(({ isForParent }) => !isForParent) };
}

/** Returns the same object for equal reasons: many jobs are kept for the same one. */
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

/** Whether the fields are readable by which successes are compared. */
function isOfKnownKind(job: PlannedJob): boolean {
  return !isUnreadable(job, 'project') && !isUnreadable(job, 'model');
}

function endOf({ startedAt, endedAt }: PlannedJob): Date | null {
  return startedAt && endedAt ? laterOf(startedAt, endedAt) : endedAt;
}

import { DAY_MS, dayOf, laterOf } from '../shared/dates.ts';
import { type Prefix, reachOf, readArtifactUri, uriOf } from '../shared/model/artifact.ts';
import type { KeepReason } from '../shared/model/cleanup.ts';
import { isTerminal, isUnreadable } from '../shared/model/job.ts';
import type { ArtifactPolicy } from '../shared/model/policy.ts';
import type { Kept, Pin, PlannedJob, Root, Roots } from './decision.ts';
import { modelFinder, pinFinder } from './root-finder.ts';
import { successesOf } from './successes.ts';

/** The rules that keep a job's artifacts whatever becomes of other jobs. */

/** A job, with what it says of itself. */
export interface Candidate {
  job: PlannedJob;
  /** An end before the start counts as the start. */
  end: Date | null;
  /** What it holds; of an ended job only where it can be deleted at all. */
  prefix: Prefix | undefined;
  /** Whether others are kept for its sake while it is kept. */
  protects: boolean;
  /** Why it is kept, by itself. */
  own: Kept | undefined;
  /** The last rule that kept it, where none does any more. */
  lapsed: { until: Date; words: string } | undefined;
}

/** A rule that keeps artifacts until an instant, or for ever. */
interface Hold {
  reason: KeepReason;
  until: Date | null;
  words: string;
}

/** What all jobs are judged by. `found` is what a listing of the objects found of jobs, by their names. */
export interface Basis {
  roots: Roots;
  policy: ArtifactPolicy;
  now: Date;
  found: ReadonlyMap<string, Kept>;
}

/** Judges each job by itself. */
export function candidatesOf(jobs: readonly PlannedJob[], basis: Basis): Candidate[] {
  const { policy, roots, now } = basis;
  const placed = jobs.map((job) => ({ job, end: endOf(job), ...placeOf(job, policy) }));
  const ended = placed.flatMap(({ job, end, own }) =>
    job.state === 'completed' && !own && end ? [{ job, end }] : [],
  );
  const rules: Rules = {
    basis,
    model: modelFinder(roots.models),
    pin: pinFinder(roots.pins),
    lastingPin: pinFinder(roots.pins.filter(({ keepUntil }) => lasts(keepUntil, now))),
    outdoneSince: successesOf(ended, policy.keepSuccesses),
  };
  return placed.map((it) => ({ ...it, ...(!it.own && it.prefix && judge(it, it.prefix, rules)) }));
}

/** Where a job's artifacts are, or why there is nothing to decide on. */
function placeOf(
  { state, status, artifactUri, added: { deletedAt } }: PlannedJob,
  policy: ArtifactPolicy,
): Omit<Candidate, 'job' | 'end'> {
  const kept = (reason: KeepReason, because: string) => ({ own: { reason, because }, lapsed: undefined });
  if (!isTerminal(state)) {
    // What it may still read or write is kept, however badly it is named.
    const live = { prefix: reachOf(artifactUri), protects: true };
    return state === 'unknown'
      ? { ...live, ...kept('unknown-status', `nobody mapped its status ${JSON.stringify(status)}`) }
      : { ...live, ...kept('active', `it is ${state}`) };
  }
  const nothing = { prefix: undefined, protects: false };
  if (!artifactUri) return { ...nothing, ...kept('no-artifact', 'it names no artifacts') };
  const read = readArtifactUri(artifactUri);
  if (!read.ok) return { ...nothing, ...kept('bad-uri', `its URI cannot be used: ${read.why}`) };
  const { bucket } = read.prefix;
  if (!policy.buckets.includes(bucket))
    return { ...nothing, ...kept('foreign-bucket', `the policy does not allow bucket ${bucket}`) };
  if (deletedAt) return { ...nothing, ...kept('deleted-before', `deleted on ${dayOf(deletedAt)}`) };
  return { prefix: read.prefix, protects: true, own: undefined, lapsed: undefined };
}

type Dated = Pick<Candidate, 'job' | 'end'>;

interface Rules {
  basis: Basis;
  model: (prefix: Prefix) => Root | undefined;
  pin: (prefix: Prefix) => Pin | undefined;
  lastingPin: (prefix: Prefix) => Pin | undefined;
  outdoneSince: (job: PlannedJob, end: Date) => Date | null;
}

/** The first rule that holds, or the last that held. */
function judge(it: Dated, prefix: Prefix, rules: Rules): Pick<Candidate, 'own' | 'lapsed'> {
  let last: Candidate['lapsed'];
  for (const { reason, until, words } of holdsOf(it, prefix, rules)) {
    if (until === null) return { own: { reason, because: words }, lapsed: undefined };
    const told = `kept until ${dayOf(until)}: ${words}`;
    if (lasts(until, rules.basis.now)) return { own: { reason, because: told }, lapsed: undefined };
    if (!last || until > last.until) last = { until, words: told };
  }
  return { own: undefined, lapsed: last };
}

function* holdsOf({ job, end }: Dated, prefix: Prefix, rules: Rules): Generator<Hold> {
  const { policy, now, found } = rules.basis;
  const forEver = (reason: KeepReason, words: string): Hold => ({ reason, until: null, words });

  if (!end) {
    const unread = isUnreadable(job, 'endedAt');
    return yield forEver('no-end', unread ? 'its end cannot be read' : 'it has no end');
  }
  if (lasts(end, now)) yield forEver('future-end', `its end ${end.toISOString()} has not come yet`);

  const days = policy.minimumAgeDays * (job.added.endInferred ? 2 : 1);
  const twice = job.added.endInferred ? ', twice the age as its end is inferred' : '';
  const until = new Date(end.getTime() + days * DAY_MS);
  yield { reason: 'young', until, words: `younger than ${days} ${days === 1 ? 'day' : 'days'}${twice}` };

  if (job.registeredModel !== null)
    yield forEver('registered-model', `it is registered as ${job.registeredModel}`);
  const model = rules.model(prefix);
  if (model) yield forEver('registered-model', `${model.by} names ${uriOf(model.prefix)}`);

  if (isUnreadable(job, 'keepUntil')) yield forEver('pinned', 'its keepUntil cannot be read');
  if (job.keepUntil) yield { reason: 'pinned', until: job.keepUntil, words: 'its record says so' };
  const pin = rules.lastingPin(prefix) ?? rules.pin(prefix);
  if (pin) {
    const words = `${pin.owner} pinned ${uriOf(pin.prefix)}: ${pin.reason}`;
    yield { reason: 'pinned', until: pin.keepUntil, words };
  }

  if (job.state === 'completed' && policy.keepSuccesses > 0) {
    const [count, of] = [policy.keepSuccesses, job.model ? `${job.project}, ${job.model}` : job.project];
    const words =
      count === 1 ? `the newest success of ${of}` : `one of the ${count} newest successes of ${of}`;
    yield { reason: 'newest-success', until: rules.outdoneSince(job, end), words };
  }

  const listed = found.get(job.name);
  if (listed) yield forEver(listed.reason, listed.because);
}

function endOf({ startedAt, endedAt }: PlannedJob): Date | null {
  return startedAt && endedAt ? laterOf(startedAt, endedAt) : endedAt;
}

function lasts(until: Date | null, now: Date): boolean {
  return until === null || until > now;
}

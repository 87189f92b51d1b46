import { addMs, DAY_MS, dayOf, laterOf, MINUTE_MS } from '../../shared/dates.ts';
import { type Prefix, uriOf } from '../../shared/model/artifact/artifact.ts';
import type { KeepReason } from '../../shared/model/cleanup/cleanup.ts';
import type { ArtifactPolicy } from '../../shared/model/cleanup/policy.ts';
import type { ReadField, Unreadable } from '../../shared/model/job/job.ts';
import type { Finding, Kept, Pin, PlannedJob, Root } from './decision.ts';
import type { PrefixLookup } from './prefix-lookup.ts';
import { saidOf } from './standing.ts';
import type { Successes } from './successes.ts';

/** A rule that keeps artifacts. */
export interface Hold {
  reason: KeepReason;
  /** Until when; `null` for ever. */
  until: Date | null;
  words: string;
  /** Whether it holds only because of an unreadable parent. */
  isForParent?: boolean;
}

/** A rule that kept artifacts, and no longer does. */
export interface Lapsed {
  until: Date;
  words: string;
}

/** What the rules for ended jobs depend on. */
export interface Rules {
  policy: ArtifactPolicy;
  now: Date;
  models: PrefixLookup<Root>;
  pins: PrefixLookup<Pin>;
  lastingPins: PrefixLookup<Pin>;
  successes: Successes;
  /** Findings outside the records, by the jobs' names. */
  found: ReadonlyMap<string, Finding>;
}

/** An ended job, and the prefixes that its artifacts may be at. */
interface Ended {
  job: PlannedJob;
  end: Date | null;
  reach: readonly Prefix[];
}

/** The fields that decide whether an ended job may be deleted. An unreadable one keeps the job. */
const DECIDING: readonly ReadField[] = [
  'id',
  'backendId',
  'startedAt',
  'endedAt',
  'heartbeatAt',
  'keepUntil',
  'report',
];
/** Further fields of a completed job: those by which successes are compared. */
const DECIDING_OF_SUCCESSES: readonly ReadField[] = ['project', 'model'];

/** Yields every rule that keeps an ended job, or kept it. Faults of its record come first. */
export function* holdsOn({ job, end, reach }: Ended, rules: Rules): Generator<Hold> {
  const { policy, now, found, successes } = rules;
  const forEver = (reason: KeepReason, words: string): Hold => ({ reason, until: null, words });

  const isSuccess = job.state === 'completed' && policy.keepSuccesses > 0;
  const deciding = isSuccess ? [...DECIDING, ...DECIDING_OF_SUCCESSES] : DECIDING;
  const unread = job.unreadable.filter(({ field }) => deciding.includes(field));
  if (unread.length > 0) yield forEver('unreadable', unreadableWords(unread));
  if (!end) {
    if (unread.every(({ field }) => field !== 'endedAt')) yield forEver('no-end', 'it has no end');
    return;
  }
  if (end > now) yield forEver('future-end', `its end ${end.toISOString()} has not come yet`);
  const { heartbeatAt } = job;
  if (heartbeatAt && isAfter(heartbeatAt, end, policy))
    yield forEver('signs-of-life', `its heartbeat of ${heartbeatAt.toISOString()} came after its end`);

  const days = policy.minimumAgeDays * (job.added.endInferred ? 2 : 1);
  const twice = job.added.endInferred ? ', twice the age as its end is inferred' : '';
  // A reported end may be dated back, by a wrong clock or on purpose: its age runs from when we received it.
  const { endReceivedAt } = job;
  const isReported = endReceivedAt !== null && endReceivedAt > end;
  const received = isReported ? `, from when its end was reported, ${dayOf(endReceivedAt)}` : '';
  const until = addMs(isReported ? laterOf(end, endReceivedAt) : end, days * DAY_MS);
  const age = `younger than ${days} ${days === 1 ? 'day' : 'days'}`;
  yield { reason: 'young', until, words: `${age}${twice}${received}` };

  if (job.registeredModel !== null)
    yield forEver('registered-model', `it is registered as ${job.registeredModel}`);
  const model = rules.models(job, reach);
  if (model) yield forEver('registered-model', `${model.root.by} names ${whatOf(model)}`);

  if (job.keepUntil) yield { reason: 'pinned', until: job.keepUntil, words: 'its record says so' };
  const pin = rules.lastingPins(job, reach) ?? rules.pins(job, reach);
  if (pin) {
    const { keepUntil, owner, reason } = pin.root;
    yield { reason: 'pinned', until: keepUntil, words: `${owner} pinned ${whatOf(pin)}: ${reason}` };
  }

  // A success without artifacts is nothing to fall back on.
  if (isSuccess && saidOf(job, 'artifactUri') && !found.get(job.name)?.isEmpty) {
    const [count, of] = [policy.keepSuccesses, job.model ? `${job.project}, ${job.model}` : job.project];
    const words =
      count === 1 ? `the newest success of ${of}` : `one of the ${count} newest successes of ${of}`;
    yield { reason: 'newest-success', until: successes.outdoneSince(job, end), words };
  }

  const listed = found.get(job.name)?.kept;
  if (listed) yield forEver(listed.reason, listed.because);

  const parent = job.unreadable.filter(({ field }) => field === 'resumedFrom');
  if (parent.length > 0) yield { ...forEver('unreadable', unreadableWords(parent)), isForParent: true };
}

/** Whether something happened so long after a job's end that the job cannot have ended then. */
export function isAfter(at: Date, end: Date, { lateWriteGraceMinutes }: ArtifactPolicy): boolean {
  return at.getTime() > end.getTime() + lateWriteGraceMinutes * MINUTE_MS;
}

/** Returns the reason to keep, by a hold that lasts. */
export function keptBy({ reason, until, words }: Hold): Kept {
  return { reason, because: until === null ? words : untilWords(until, words) };
}

/** Returns the rule that ended last, of those that have ended. */
export function lapsedOf(holds: readonly Hold[]): Lapsed | undefined {
  let last: Lapsed | undefined;
  for (const { until, words } of holds)
    if (until && (!last || until > last.until)) last = { until, words: untilWords(until, words) };
  return last;
}

function untilWords(until: Date, words: string): string {
  return `kept until ${dayOf(until)}: ${words}`;
}

function whatOf({ prefix }: { prefix: Prefix | undefined }): string {
  return prefix ? uriOf(prefix) : 'it';
}

function unreadableWords(unread: readonly Unreadable[]): string {
  return unread.map(({ field, why }) => `its ${field} cannot be read: ${why}`).join('; ');
}

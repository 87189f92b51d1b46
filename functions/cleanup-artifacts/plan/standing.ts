import { DAY_MS, dayOf } from '../../shared/dates.ts';
import { isWholeBucket, type Place, readPlace } from '../../shared/model/artifact/artifact.ts';
import { emptySince, isDeleted } from '../../shared/model/artifact/artifact-life.ts';
import type { ArtifactPolicy } from '../../shared/model/cleanup/policy.ts';
import { isTerminal } from '../../shared/model/job/job.ts';
import type { Kept, PlannedJob, Said } from './decision.ts';

/** Where a job's artifacts are, and whether they can be deleted at all. */
export interface Standing {
  /** The place where they may be deleted; `null` where nothing can be deleted. */
  place: Place | null;
  /** Why nothing can be deleted; `undefined` where it can. */
  barrier: Kept | undefined;
  /**
   * When other jobs are kept for its sake:
   *
   * - `always`: while it is kept.
   * - `wanted`: only where a rule keeps it. For an ended job at whose place nothing can be deleted.
   * - `parents`: its parents where a rule keeps it, and the whole bucket that it names only where a person marked it.
   * - `marked`: only where a person marked it. For a job whose artifacts are deleted.
   */
  protects: 'always' | 'wanted' | 'parents' | 'marked';
}

/** After how many days an empty place is looked at again, because something may have been written there late. */
const LOOK_AGAIN_DAYS = 30;

export function standingOf(job: PlannedJob, policy: ArtifactPolicy, now: Date): Standing {
  const said = saidOf(job, 'artifactUri');
  if (!isTerminal(job.state)) return { place: null, barrier: livingOf(job), protects: 'always' };
  const barred = (protects: Standing['protects'], reason: Kept['reason'], because: string): Standing => {
    return { place: null, barrier: { reason, because }, protects };
  };
  if (!said) return barred('wanted', 'no-artifact', 'it names no artifacts');
  const place = said.is === 'read' ? readPlace(said.value) : said;
  if (place.is !== 'read')
    return barred(
      'wanted',
      'bad-uri',
      `its URI cannot be used: ${place.is === 'unreadable' ? place.why : 'it is empty'}`,
    );
  const { bucket, fault } = place.value;
  if (isDeleted(job))
    return barred(
      'marked',
      'deleted-before',
      `deleted on ${job.added.deletedAt && dayOf(job.added.deletedAt)}`,
    );
  if (isWholeBucket(place.value))
    return barred('parents', 'bad-uri', 'its URI cannot be used: it names a whole bucket');
  if (fault !== null) return barred('wanted', 'bad-uri', `its URI cannot be used: ${fault}`);
  if (!policy.buckets.includes(bucket))
    return barred('wanted', 'foreign-bucket', `the policy does not allow bucket ${bucket}`);
  const empty = emptySince(job);
  if (empty && now.getTime() - empty.getTime() < LOOK_AGAIN_DAYS * DAY_MS)
    return barred('wanted', 'nothing-there', `nothing was found there on ${dayOf(empty)}`);
  return { place: place.value, barrier: undefined, protects: 'always' };
}

/** Whether a person marked the artifacts in the job's record, as a registered model or to be kept. */
export function isMarked({ registeredModel, keepUntil, unreadable }: PlannedJob, now: Date): boolean {
  const isPinned = keepUntil !== null && keepUntil > now;
  return registeredModel !== null || isPinned || unreadable.some(({ field }) => field === 'keepUntil');
}

/** Returns the text of a field that names artifacts or a job; `undefined` where it is absent. */
export function saidOf(
  { unreadable, ...job }: PlannedJob,
  field: 'artifactUri' | 'resumedFrom',
): Said | undefined {
  const fault = unreadable.find((each) => each.field === field);
  if (fault) {
    const { why, texts = [], hasMore = false } = fault;
    return { is: 'unreadable', why, texts, hasMore };
  }
  const value = job[field];
  return value ? { is: 'read', value } : undefined;
}

function livingOf({ state, status, unreadable }: PlannedJob): Kept {
  if (state !== 'unknown') return { reason: 'active', because: `it is ${state}` };
  const fault = unreadable.find(({ field }) => field === 'status');
  const because = fault
    ? `its status cannot be read: ${fault.why}`
    : `nobody mapped its status ${JSON.stringify(status)}`;
  return { reason: 'unknown-status', because };
}

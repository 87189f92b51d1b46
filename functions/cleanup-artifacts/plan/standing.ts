import { DAY_MS, dayOf } from '../../shared/dates.ts';
import { isWholeBucket, type Place, readPlace } from '../../shared/model/artifact/artifact.ts';
import { emptySince, isDeleted } from '../../shared/model/artifact/artifact-life.ts';
import type { ArtifactPolicy } from '../../shared/model/cleanup/policy.ts';
import { isTerminal } from '../../shared/model/job/job.ts';
import type { Kept, PlannedJob, Said } from './decision.ts';

/** What a job says of its artifacts, and what may be done with them. */
export interface Standing {
  /** Where they may be deleted, if nothing keeps them; `null` where nothing can be. */
  place: Place | null;
  /** Why there is nothing to decide on. */
  barrier: Kept | undefined;
  /**
   * When others are kept for its sake: `always` while it is kept; `wanted`, of an ended job at whose place nothing can be
   * deleted, when something else keeps it, too; `parents`, of one that names a whole bucket, then its parents, and the bucket
   * only when a person marked it; `marked`, of one whose artifacts are deleted, only when a person marked it.
   */
  protects: 'always' | 'wanted' | 'parents' | 'marked';
}

/** An empty place is looked at again after so long, for something may have been written there late. */
const LOOK_AGAIN_DAYS = 30;

/** Judges what a job says of its artifacts. */
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

/** Whether a person wants what the job has, as its record says. */
export function isMarked({ registeredModel, keepUntil, unreadable }: PlannedJob, now: Date): boolean {
  const isPinned = keepUntil !== null && keepUntil > now;
  return registeredModel !== null || isPinned || unreadable.some(({ field }) => field === 'keepUntil');
}

/** What a job says in a field; `undefined` where it says nothing. */
export function saidOf(
  { unreadable, ...job }: PlannedJob,
  field: 'artifactUri' | 'resumedFrom',
): Said | undefined {
  const fault = unreadable.find((it) => it.field === field);
  if (fault) return { is: 'unreadable', why: fault.why, texts: fault.texts ?? [] };
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

import type { BucketFacts, CloudObjects, StoredObject } from '../shared/cloud/objects.ts';
import { mapPool } from '../shared/concurrency.ts';
import { MINUTE_MS } from '../shared/dates.ts';
import { DeadlineExceeded, UpstreamError } from '../shared/errors.ts';
import { type Prefix, readArtifactUri } from '../shared/model/artifact.ts';
import type { Decision, PlanLine } from '../shared/model/cleanup.ts';
import type { ArtifactPolicy } from '../shared/model/policy.ts';
import type { BucketBook } from './buckets.ts';
import type { Kept, PlannedJob, Roots } from './decision.ts';
import { planCleanup } from './plan.ts';

const PAGE_LIMIT_MS = MINUTE_MS;
const LISTINGS_AT_ONCE = 16;

/** What a plan is made from. */
export interface Planning {
  jobs: readonly PlannedJob[];
  roots: Roots;
  policy: ArtifactPolicy;
  now: Date;
  objects: CloudObjects;
  bucketOf: BucketBook;
  signal: AbortSignal;
}

/** What was found below a job's URI. */
interface Found {
  objects: number;
  bytes: number;
  /** Why it is kept after all. */
  kept: Kept | null;
}

/**
 * Plans, lists what the plan would delete, and plans again with what the listing found, until every deletion is listed.
 * Only what would be deleted is ever listed.
 */
export async function planAndMeasure(planning: Planning): Promise<PlanLine[]> {
  const { jobs, roots, policy, now, bucketOf } = planning;
  const ends = new Map(jobs.map(({ name, endedAt }) => [name, endedAt]));
  const found = new Map<string, Found>();
  for (;;) {
    const kept = new Map([...found].flatMap(([job, it]) => (it.kept ? [[job, it.kept] as const] : [])));
    const decisions = planCleanup(jobs, roots, policy, now, kept);
    const candidates = decisions.filter((it) => it.decision === 'delete' && !found.has(it.job));
    if (candidates.length === 0) return decisions.map((it) => lineOf(it, found.get(it.job)));
    const faults: Error[] = [];
    await mapPool(candidates, LISTINGS_AT_ONCE, async (decision) => {
      try {
        const prefix = prefixIn(decision);
        const bucket = await bucketOf(prefix.bucket);
        found.set(decision.job, await measured(prefix, bucket, ends.get(decision.job) ?? now, planning));
      } catch (error) {
        planning.signal.throwIfAborted();
        const fault = error instanceof UpstreamError || error instanceof DeadlineExceeded;
        if (!fault || (error instanceof UpstreamError && error.status === 403)) throw error;
        faults.push(error);
        found.set(decision.job, unlisted(error.message));
      }
    });
    // One prefix that fails blocks no other; where all of them fail, it is Cloud Storage that does.
    if (faults[0] && faults.length === candidates.length) throw faults[0];
  }
}

/** The prefix of a decision to delete, which has one. */
function prefixIn({ job, uri }: Decision): Prefix {
  const read = readArtifactUri(uri);
  if (!read.ok) throw new Error(`Cannot delete the artifacts of ${job}: ${read.why}`);
  return read.prefix;
}

function unlisted(because: string): Found {
  return { objects: 0, bytes: 0, kept: { reason: 'unlisted', because } };
}

async function measured(
  prefix: Prefix,
  bucket: BucketFacts | null,
  end: Date,
  planning: Planning,
): Promise<Found> {
  const refuse = (because: string): Found => ({
    ...{ objects: 0, bytes: 0 },
    kept: { reason: 'bucket-not-eligible', because },
  });
  if (!bucket) return refuse(`there is no bucket ${prefix.bucket}`);
  if (bucket.softDeleteSeconds === 0 && !planning.policy.irreversible)
    return refuse(`what is deleted from ${bucket.name} could not be brought back: it has no soft delete`);
  return listed(prefix, bucket, end, planning);
}

async function listed(
  prefix: Prefix,
  bucket: BucketFacts,
  end: Date,
  { objects, policy, now, signal }: Planning,
): Promise<Found> {
  const found: Found = { objects: 0, bytes: 0, kept: null };
  const last = new Date(end.getTime() + policy.lateWriteGraceMinutes * MINUTE_MS);
  await objects.list(
    prefix,
    async (page) => {
      for (const object of page) {
        found.objects += 1;
        found.bytes += object.size;
        found.kept ??= keeperIn(object, last, now);
      }
    },
    { limitMs: PAGE_LIMIT_MS, signal },
    { versions: bucket.versioning },
  );
  return found;
}

function keeperIn(object: StoredObject, last: Date, now: Date): Kept | null {
  if (wasWrittenAfter(object, last))
    return {
      reason: 'written-after-end',
      because: `${object.name} was written at ${object.createdAt.toISOString()}, after the job's end`,
    };
  const held = object.temporaryHold || object.eventBasedHold;
  if (held) return { reason: 'held', because: `${object.name} is on hold` };
  if (object.retainedUntil && object.retainedUntil > now)
    return { reason: 'held', because: `${object.name} is under a retention policy` };
  return null;
}

/** Whether an object's content is newer than `last`: then the record's end does not tell when the job ended. */
export function wasWrittenAfter({ createdAt }: StoredObject, last: Date): boolean {
  return createdAt > last;
}

function lineOf(decision: Decision, found: Found | undefined): PlanLine {
  return { ...decision, objects: found?.objects ?? null, bytes: found?.bytes ?? null };
}

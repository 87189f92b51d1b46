import type { BucketFacts, CloudObjects, StoredObject } from '../../shared/cloud/storage/objects.ts';
import { MINUTE_MS } from '../../shared/dates.ts';
import { type Place, readArtifactUri, uriOf } from '../../shared/model/artifact/artifact.ts';
import { isGoing } from '../../shared/model/artifact/artifact-life.ts';
import type { ArtifactPolicy } from '../../shared/model/cleanup/policy.ts';
import type { ReadOptions } from '../../shared/store/firestore/read-options.ts';
import type { ArtifactJobStore } from '../../shared/store/sources/artifact-jobs.ts';
import type { Finding, Kept, PlannedJob } from '../plan/decision.ts';
import { isAfter } from '../plan/holds.ts';
import { signOfLife } from '../plan/life-signs.ts';
import type { BucketBook } from './buckets.ts';
import { listTarget, type Target, targetOf, targetsAt } from './target.ts';

const PAGE_LIMIT_MS = MINUTE_MS;

/** What is looked at with. */
export interface LookTools {
  stores: readonly ArtifactJobStore[];
  objects: CloudObjects;
  bucketOf: BucketBook;
  policy: ArtifactPolicy;
  now: Date;
  options: ReadOptions & { signal: AbortSignal };
}

/** What was found where a job says that its artifacts are. */
export interface Found extends Finding {
  /** What would be deleted; `null` where nothing may be. */
  target: Target | null;
  objects: number;
  bytes: number;
}

/** A job at whose place nothing may be deleted. */
export function standing(kept: Kept | null, isEmpty: boolean): Found {
  return { target: null, objects: 0, bytes: 0, kept, isEmpty };
}

/** Looks at what is there of a job that nothing keeps: whether it lives after all, and at every object that would go. */
export async function lookAt(job: PlannedJob, tools: LookTools): Promise<Found> {
  const { bucketOf, policy } = tools;
  const place = placeOf(job);
  const bucket = await bucketOf(place.bucket);
  const refuse = (because: string) => standing({ reason: 'bucket-not-eligible', because }, true);
  if (!bucket) return refuse(`there is no bucket ${place.bucket}`);
  if (bucket.softDeleteSeconds === 0 && !policy.irreversible)
    return refuse(`what is deleted from ${bucket.name} could not be brought back: it has no soft delete`);
  const sign = await lifeSignOf(job, tools);
  if (sign) return standing({ reason: 'signs-of-life', because: sign }, false);

  const { tombstone } = job.added;
  // What was begun is ended, and nothing else is taken for it when the last of it is gone.
  const begun = isGoing(job) && tombstone?.life ? targetOf(tombstone.life.uri) : null;
  const found = begun ? [await listed(begun, bucket, job, tools)] : await allAt(place, bucket, job, tools);
  const [only, other] = found.filter(({ objects }) => objects > 0);
  if (only && other) {
    const both = `both ${uriOf(only.target)} and ${uriOf(other.target)} hold objects`;
    return standing({ reason: 'ambiguous-uri', because: `${both}, and its URI may name either` }, false);
  }
  if (only) return only;
  if (begun) return { ...standing(null, true), target: begun };
  const where = place.folders.map((folder) => uriOf(folder)).join(', nor below ');
  return standing({ reason: 'nothing-there', because: `nothing lies below ${where}` }, true);
}

/** Whether anything lies where a job says that its artifacts are, folders that hold nothing aside. */
export async function hasArtifacts(job: PlannedJob, tools: LookTools): Promise<boolean> {
  const enough = new AbortController();
  const signal = AbortSignal.any([tools.options.signal, enough.signal]);
  const limits = { limitMs: PAGE_LIMIT_MS, signal };
  try {
    for (const { folder, object } of targetsAt(placeOf(job)))
      for (const target of object ? [folder, object] : [folder])
        await listTarget(
          tools.objects,
          target,
          async (page) => {
            if (page.some(({ name }) => !name.endsWith('/'))) enough.abort();
          },
          limits,
        );
  } catch (error) {
    if (!enough.signal.aborted || error !== enough.signal.reason) throw error;
  }
  return enough.signal.aborted;
}

/** Why a job goes on, as its executions tell. */
export async function lifeSignOf(
  job: PlannedJob,
  { stores, policy, options }: Pick<LookTools, 'stores' | 'policy' | 'options'>,
): Promise<string | undefined> {
  const store = stores.find(({ name }) => name === job.source);
  if (!store || !job.endedAt) return 'nobody can tell when it ended';
  return signOfLife(await store.executionsOf(job, options), job.endedAt, policy);
}

function placeOf({ name, artifactUri }: PlannedJob): Place {
  const read = readArtifactUri(artifactUri);
  if (!read.ok) throw new Error(`Cannot look at the artifacts of ${name}: ${read.why}`);
  return read.place;
}

type Listed = Found & { target: Target };

/** What lies in every folder that a place may be, and where nothing does the object of its name. */
async function allAt(
  place: Place,
  bucket: BucketFacts,
  job: PlannedJob,
  tools: LookTools,
): Promise<Listed[]> {
  const found: Listed[] = [];
  for (const { folder, object } of targetsAt(place)) {
    const inFolder = await listed(folder, bucket, job, tools);
    found.push(object && inFolder.objects === 0 ? await listed(object, bucket, job, tools) : inFolder);
  }
  return found;
}

async function listed(
  target: Target,
  { versioning }: BucketFacts,
  { endedAt }: PlannedJob,
  { objects, policy, now, options }: LookTools,
): Promise<Listed> {
  const found: Listed = { ...standing(null, true), target };
  await listTarget(
    objects,
    target,
    async (page) => {
      for (const object of page) {
        found.objects += 1;
        found.bytes += object.size;
        found.isEmpty &&= object.name.endsWith('/') || object.noncurrentAt !== null;
        found.kept ??= keeperIn(object, endedAt, { policy, now });
      }
    },
    { limitMs: PAGE_LIMIT_MS, signal: options.signal },
    { versions: versioning },
  );
  return found;
}

/** Why an object keeps the job that it is one of. */
function keeperIn(
  object: StoredObject,
  end: Date | null,
  { policy, now }: { policy: ArtifactPolicy; now: Date },
): Kept | null {
  const { name, createdAt, temporaryHold, eventBasedHold, retainedUntil } = object;
  if (end === null || isAfter(createdAt, end, policy))
    return {
      reason: 'written-after-end',
      because: `${name} was written at ${createdAt.toISOString()}, after the job's end`,
    };
  if (temporaryHold || eventBasedHold) return { reason: 'held', because: `${name} is on hold` };
  if (retainedUntil && retainedUntil > now)
    return { reason: 'held', because: `${name} is under a retention policy` };
  return null;
}

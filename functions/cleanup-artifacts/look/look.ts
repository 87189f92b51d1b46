import type { BucketFacts, ListOptions, StoredObject } from '../../shared/cloud/storage/objects.ts';
import { MINUTE_MS } from '../../shared/dates.ts';
import { type Place, readArtifactUri, uriOf } from '../../shared/model/artifact/artifact.ts';
import { isGoing } from '../../shared/model/artifact/artifact-life.ts';
import type { ArtifactPolicy } from '../../shared/model/cleanup/policy.ts';
import type { Finding, Kept, PlannedJob } from '../plan/decision.ts';
import { isAfter } from '../plan/holds.ts';
import { signOfLife } from '../plan/life-signs.ts';
import type { CleanupTools, Session } from '../session.ts';
import { type LongerName, longerNameAt } from './longer-names.ts';
import { listTarget, type Target, targetOf, targetsAt } from './target.ts';

const PAGE_LIMIT_MS = MINUTE_MS;

/** Looks at the objects at the artifact URIs of jobs, and at their executions. */
export interface Looker {
  /** Looks at a job that no rule keeps: at its executions, and at every object that would be deleted. */
  lookAt(job: PlannedJob): Promise<Found>;
  /** Looks whether there is anything but empty folders at the artifact URI of a success, so that older ones may go. */
  prove(job: PlannedJob): Promise<Found>;
  /** Returns why a job goes on, by its executions; `undefined` where it does not. */
  lifeSignOf(job: PlannedJob): Promise<string | undefined>;
}

/** What was found at a job's artifact URI. */
export interface Found extends Finding {
  /** The place to delete; `null` where nothing may be deleted. */
  target: Target | null;
  objects: number;
  bytes: number;
}

/** The finding for a job of which nothing may be deleted. */
export function standing(kept: Kept | null, isEmpty: boolean): Found {
  return { target: null, objects: 0, bytes: 0, kept, isEmpty };
}

/** Makes the looker of one run, which is stopped by the signal of the session. */
export function looker(
  { stores, objects, policy }: Pick<CleanupTools, 'stores' | 'objects' | 'policy'>,
  { run, options, bucketOf }: Pick<Session, 'run' | 'options' | 'bucketOf'>,
): Looker {
  const limits = { limitMs: PAGE_LIMIT_MS, signal: options.signal };

  async function lifeSignOf(job: PlannedJob): Promise<string | undefined> {
    const store = stores.find(({ name }) => name === job.source);
    if (!store || !job.endedAt) return 'nobody can tell when it ended';
    return signOfLife(await store.executionsOf(job, options), job.endedAt, policy);
  }

  async function listed(target: Target, { versioning }: BucketFacts, end: Date | null): Promise<Listed> {
    const found: Listed = { ...standing(null, true), target };
    const onPage = async (page: StoredObject[]) => {
      for (const object of page) {
        found.objects += 1;
        found.bytes += object.size;
        found.isEmpty &&= object.name.endsWith('/') || object.noncurrentAt !== null;
        found.kept ??= keepReasonOf(object, end, policy, run.startedAt);
      }
    };
    await listTarget(objects, target, onPage, limits, { versions: versioning });
    return found;
  }

  /** Lists every folder that a place may mean; where a folder is empty, the object of that name. */
  async function allAt(place: Place, bucket: BucketFacts, end: Date | null): Promise<Listed[]> {
    const found: Listed[] = [];
    for (const { folder, object } of targetsAt(place)) {
      const inFolder = await listed(folder, bucket, end);
      found.push(object && inFolder.objects === 0 ? await listed(object, bucket, end) : inFolder);
    }
    return found;
  }

  async function lookAt(job: PlannedJob): Promise<Found> {
    const place = placeOf(job);
    const bucket = await bucketOf(place.bucket);
    const refuse = (because: string) => standing({ reason: 'bucket-not-eligible', because }, true);
    if (!bucket) return refuse(`there is no bucket ${place.bucket}`);
    if (bucket.softDeleteSeconds === 0 && !policy.irreversible)
      return refuse(`what is deleted from ${bucket.name} could not be brought back: it has no soft delete`);
    const sign = await lifeSignOf(job);
    if (sign) return standing({ reason: 'signs-of-life', because: sign }, false);

    const { tombstone } = job.added;
    // A deletion that was begun goes on at its own place, also where another reading of the URI has objects.
    const begun = isGoing(job) && tombstone?.life ? targetOf(tombstone.life.uri) : null;
    const found = begun
      ? [await listed(begun, bucket, job.endedAt)]
      : await allAt(place, bucket, job.endedAt);
    const [only, other] = found.filter(({ objects: count }) => count > 0);
    if (only && other) {
      const both = `both ${uriOf(only.target)} and ${uriOf(other.target)} hold objects`;
      return standing({ reason: 'ambiguous-uri', because: `${both}, and its URI may name either` }, false);
    }
    if (only) return only;
    if (begun) return { ...standing(null, true), target: begun };
    const longer = await longerNameAt(place, firstPage);
    if (longer) return beginningOf(longer);
    const where = place.folders.map((folder) => uriOf(folder)).join(', nor below ');
    return standing({ reason: 'nothing-there', because: `nothing lies below ${where}` }, true);
  }

  /** Lists a target until `onPage` has seen enough, and says so. */
  async function listUntil(
    target: Target,
    onPage: (page: StoredObject[]) => boolean,
    selection: ListOptions = {},
  ): Promise<void> {
    const enough = new AbortController();
    const signal = AbortSignal.any([options.signal, enough.signal]);
    const look = async (page: StoredObject[]) => {
      if (onPage(page)) enough.abort();
    };
    try {
      await listTarget(objects, target, look, { limitMs: PAGE_LIMIT_MS, signal }, selection);
    } catch (error) {
      if (!enough.signal.aborted || error !== enough.signal.reason) throw error;
    }
  }

  async function firstPage(target: Target, selection: ListOptions): Promise<StoredObject[]> {
    let found: StoredObject[] = [];
    const onPage = (page: StoredObject[]) => {
      found = page;
      return page.length > 0;
    };
    await listUntil(target, onPage, selection);
    return found;
  }

  async function holdsFile(target: Target): Promise<boolean> {
    let found = false;
    const onPage = (page: StoredObject[]) => {
      found = page.some(({ name }) => !name.endsWith('/'));
      return found;
    };
    await listUntil(target, onPage);
    return found;
  }

  async function prove(job: PlannedJob): Promise<Found> {
    const place = placeOf(job);
    for (const { folder, object } of targetsAt(place))
      for (const target of object ? [folder, object] : [folder])
        if (await holdsFile(target)) return standing(null, false);
    const longer = await longerNameAt(place, firstPage);
    if (!longer) return standing(null, true);
    return longer.isCertain ? standing(null, false) : beginningOf(longer);
  }

  return { lookAt, prove, lifeSignOf };
}

function placeOf({ name, artifactUri }: PlannedJob): Place {
  const read = readArtifactUri(artifactUri);
  if (!read.ok) throw new Error(`Cannot look at the artifacts of ${name}: ${read.why}`);
  return read.place;
}

/** What is found where names begin with a URI. Unless it is certain that these are meant, it is no success to fall back on. */
function beginningOf({ name, isCertain }: LongerName): Found {
  return standing(
    { reason: 'ambiguous-uri', because: `names such as ${name} begin with its URI` },
    !isCertain,
  );
}

type Listed = Found & { target: Target };

/** Returns why an object keeps its job; `null` where it does not. */
function keepReasonOf(
  object: StoredObject,
  end: Date | null,
  policy: ArtifactPolicy,
  now: Date,
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

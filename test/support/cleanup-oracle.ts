import type { ArtifactPolicy } from '../../functions/shared/model/cleanup/policy.ts';

/**
 * A second reading of the rules of clean-up, to hold the plan against. It judges worlds as they really are, not as records
 * write them down: it reads no spelling of anything, compares every job with every other, again and again, and shares no
 * code with what it judges.
 */

const MINUTE = 60 * 1000;
const DAY = 24 * 60 * MINUTE;

/** A folder; `path` ends in `/`, or is empty for the whole bucket. */
export interface TruePlace {
  bucket: string;
  path: string;
}

/** A job as it really is. */
export interface TrueJob {
  name: string;
  source: string;
  enforced: boolean;
  project: string;
  model: string;
  state: 'queued' | 'running' | 'suspended' | 'unknown' | 'completed' | 'failed' | 'cancelled';
  startedAt: Date | null;
  endedAt: Date | null;
  heartbeatAt: Date | null;
  endInferred: boolean;
  isRegistered: boolean;
  keepUntil: Date | null;
  /** Where its artifacts are. */
  place: TruePlace | null;
  /** Whether its record names that place in a way in which it may be deleted. */
  isUsable: boolean;
  /** Whether a deletion of what it has now has begun, or is done. */
  isGoing: boolean;
  isDeleted: boolean;
  /** Jobs that it began from, by their place in the world, and places. */
  parents: readonly number[];
  parentPlaces: readonly TruePlace[];
  /** Whether something that decides over it cannot be read. */
  isUnreadable: boolean;
}

/** What is kept whatever the jobs say, and until when. */
export interface TrueRoot {
  place: TruePlace;
  until: Date | null;
}

/** What may be relied on after the plan. */
export interface Verdict {
  /** Names of the jobs that may be deleted. */
  deletable: Set<string>;
  /** Everything that must stay. */
  staying: TruePlace[];
}

export function oracle(
  jobs: readonly TrueJob[],
  roots: readonly TrueRoot[],
  policy: ArtifactPolicy,
  now: Date,
): Verdict {
  const walls = roots
    .filter(({ until }) => until === null || until.getTime() > now.getTime())
    .map(({ place }) => place);

  /** Jobs that others which stay began from. */
  const needed = new Set<TrueJob>();
  /**
   * What it holds: a whole bucket only while it lives, when a person wants it, or when another job began from it and nothing
   * of it was deleted.
   */
  const placesOf = (job: TrueJob): TruePlace[] => {
    const { place } = job;
    const isParent = needed.has(job) && !job.isDeleted;
    const isVague = place?.path === '' && !alive(job) && !marked(job, now) && !isParent;
    if (place === null || isVague) return [];
    return [place];
  };

  const wanted = (job: TrueJob): boolean => {
    const end = endOf(job);
    if (job.isUnreadable || end === null || end > now.getTime()) return true;
    if (now.getTime() - end < policy.minimumAgeDays * DAY * (job.endInferred ? 2 : 1)) return true;
    const late = end + policy.lateWriteGraceMinutes * MINUTE;
    if (job.heartbeatAt !== null && job.heartbeatAt.getTime() > late) return true;
    if (marked(job, now)) return true;
    // One without artifacts is no success to fall back on.
    if (job.state !== 'completed' || job.place === null) return false;
    const newer = jobs.filter(
      (other) =>
        other.state === 'completed' &&
        other.source === job.source &&
        other.project === job.project &&
        other.model === job.model &&
        !other.isGoing &&
        couldGo(other, policy) &&
        (endOf(other) ?? Number.POSITIVE_INFINITY) <= now.getTime() &&
        (endOf(other) ?? 0) > end,
    );
    return newer.length < policy.keepSuccesses;
  };

  /** Jobs that are not deleted, and those of them that need what they have and where they began. */
  const stays = new Set<TrueJob>();
  const needy = new Set<TrueJob>();
  for (const job of jobs) {
    const goes = couldGo(job, policy);
    if (alive(job)) needy.add(job);
    else if (goes && (wanted(job) || walls.some((wall) => touching(wall, job.place as TruePlace))))
      needy.add(job);
    else if (!goes && (marked(job, now) || (!job.isDeleted && wanted(job)))) needy.add(job);
    if (needy.has(job) || !goes) stays.add(job);
  }

  /** Jobs of which nothing is left, at places that others began from: they need where they began, and nothing else. */
  const links = new Set<TrueJob>();
  const isLeft = (job: TrueJob) => alive(job) || !job.isDeleted;
  for (let before = -1; before !== needy.size + needed.size + links.size; ) {
    before = needy.size + needed.size + links.size;
    for (const one of jobs)
      for (const other of jobs) {
        if (one === other) continue;
        // A job that is only observed stays, so for those that are not it is as good as kept.
        const isObserved = (one.enforced || !isLeft(one)) && !other.enforced && couldGo(other, policy);
        if (!needy.has(other) && !links.has(other) && !isObserved) continue;
        const at = one.place?.path ? one.place : null;
        if (at && !isLeft(one) && other.parentPlaces.some((place) => touching(place, at))) links.add(one);
        if (needy.has(one) && needed.has(one)) continue;
        const isParent = other.parents.some((index) => jobs[index] === one);
        const isBeside =
          couldGo(one, policy) &&
          [...(links.has(other) && !needy.has(other) ? [] : placesOf(other)), ...other.parentPlaces].some(
            (place) => touching(place, one.place as TruePlace),
          );
        if (!isParent && (!isBeside || needy.has(one))) continue;
        if (isParent) needed.add(one);
        needy.add(one);
        stays.add(one);
      }
  }
  const rest = jobs.filter((job) => !stays.has(job));
  const places = [...needy].flatMap((job) => [...placesOf(job), ...job.parentPlaces]);
  places.push(...[...links].flatMap(({ parentPlaces }) => parentPlaces));
  return { deletable: new Set(rest.map(({ name }) => name)), staying: [...walls, ...places] };
}

/** Whether one of two places lies in the other. */
export function touching(a: TruePlace, b: TruePlace): boolean {
  return a.bucket === b.bucket && (a.path.startsWith(b.path) || b.path.startsWith(a.path));
}

function alive({ state }: TrueJob): boolean {
  return ['queued', 'running', 'suspended', 'unknown'].includes(state);
}

/** Whether a person wants it. */
function marked({ isRegistered, keepUntil }: TrueJob, now: Date): boolean {
  return isRegistered || (keepUntil !== null && keepUntil.getTime() > now.getTime());
}

/** Whether its artifacts could be deleted, if nothing kept them. */
function couldGo(job: TrueJob, policy: ArtifactPolicy): boolean {
  const { place, isUsable, isDeleted } = job;
  if (alive(job) || isDeleted || !isUsable || place === null || place.path === '') return false;
  return policy.buckets.includes(place.bucket);
}

function endOf({ startedAt, endedAt }: TrueJob): number | null {
  if (endedAt === null) return null;
  return startedAt === null ? endedAt.getTime() : Math.max(startedAt.getTime(), endedAt.getTime());
}

import { type Attributes, ObjectVersion } from './object.ts';
import { retained, underHold } from './problem.ts';
import { SortedList } from './sorted.ts';

export interface BucketOptions {
  name: string;
  /** In upper case, as Google tells it; `US` unless given. */
  location?: string;
  versioning?: boolean;
  /** How long what is deleted can be restored; 7 days, Google's default, unless given; 0 for no soft deletion. */
  softDeleteSeconds?: number;
  /** How old an object has to be before it can be deleted. */
  retentionSeconds?: number;
  createdAt?: Date;
}

const WEEK_SECONDS = 604_800;
const NO_ATTRIBUTES: Attributes = {};

/**
 * A bucket and what may be done with its objects: versions (https://docs.cloud.google.com/storage/docs/object-versioning),
 * soft deletion (.../soft-delete), holds (.../object-holds) and retention (.../bucket-lock).
 */
export class Bucket {
  readonly name: string;
  readonly location: string;
  readonly createdAt: Date;
  versioning: boolean;
  softDeleteSeconds: number;
  retentionSeconds: number;
  /** Whether buckets.list can reach it. */
  reachable = true;
  /** The live objects and, of a versioned bucket, the noncurrent ones. */
  readonly objects = new SortedList<ObjectVersion>();
  /** Those that can be restored, and those whose time for that is over. */
  readonly softDeleted = new SortedList<ObjectVersion>();
  readonly #now: () => number;
  #added = 0;

  constructor(options: BucketOptions, now: () => number) {
    this.name = options.name;
    this.location = options.location ?? 'US';
    this.createdAt = options.createdAt ?? new Date(now());
    this.versioning = options.versioning ?? false;
    this.softDeleteSeconds = options.softDeleteSeconds ?? WEEK_SECONDS;
    this.retentionSeconds = options.retentionSeconds ?? 0;
    this.#now = now;
  }

  live(name: string): ObjectVersion | undefined {
    const newest = this.#newest(this.objects, name);
    return newest?.noncurrentAt === null ? newest : undefined;
  }

  /** The live or noncurrent object of this generation. */
  version(name: string, generation: number): ObjectVersion | undefined {
    return this.objects.get({ name, generation });
  }

  /** The soft-deleted object of this generation, as long as it can be restored. */
  restorable(name: string, generation: number): ObjectVersion | undefined {
    const version = this.softDeleted.get({ name, generation });
    return version && this.isRestorable(version) ? version : undefined;
  }

  isRestorable({ softDeleted }: ObjectVersion): boolean {
    return softDeleted !== null && softDeleted.until > this.#now();
  }

  /** Until when the retention policy keeps an object; null without one, and as long as nobody can tell. */
  retainedUntil({ createdAt, releasedAt, attributes }: ObjectVersion): Date | null {
    if (this.retentionSeconds === 0 || attributes.eventBasedHold) return null;
    return new Date((releasedAt ?? createdAt) + this.retentionSeconds * 1_000);
  }

  /** Adds a generation in the place of the live one. Throws a StorageProblem when that one is held or retained. */
  add(
    name: string,
    content: ObjectVersion['content'],
    attributes: Attributes = NO_ATTRIBUTES,
    createdAt: number = this.#now(),
  ): ObjectVersion {
    const live = this.live(name);
    if (live) this.retire(live);
    const generation = this.#nextGeneration(name, createdAt);
    const version = new ObjectVersion({ name, generation }, createdAt, content, attributes);
    this.objects.add(version);
    return version;
  }

  /** What happens to a live object that is replaced, or deleted without its generation: versioning keeps it. */
  retire(live: ObjectVersion): void {
    if (this.versioning) live.noncurrentAt = this.#now();
    else this.erase(live);
  }

  /** Deletes a generation, softly if the bucket does so. Throws a StorageProblem when it is held or retained. */
  erase(version: ObjectVersion): void {
    const now = this.#now();
    const { temporaryHold, eventBasedHold } = version.attributes;
    if (temporaryHold) throw underHold(this.name, version.name, 'Temporary');
    if (eventBasedHold) throw underHold(this.name, version.name, 'Event-Based');
    const until = this.retainedUntil(version);
    if (until && until.getTime() > now) throw retained(this.name, version.name, until);
    this.objects.remove(version);
    if (this.softDeleteSeconds === 0) return;
    version.softDeleted = { at: now, until: now + this.softDeleteSeconds * 1_000 };
    this.softDeleted.add(version);
  }

  /** A new generation with what a soft-deleted one held; that one stays until its time is over. */
  restore({ name, content, attributes }: ObjectVersion): ObjectVersion {
    return this.add(name, content, attributes);
  }

  /** Changes attributes, those that are `undefined` to nothing, by a new metageneration. */
  patch(version: ObjectVersion, attributes: Attributes): void {
    if (version.attributes.eventBasedHold && !attributes.eventBasedHold) version.releasedAt = this.#now();
    version.attributes = attributes;
    version.metageneration += 1;
    version.updatedAt = this.#now();
  }

  /**
   * Generations look like microseconds, and grow with every object of a name. The last three digits are only counted,
   * for no clock here is as fine as that.
   */
  #nextGeneration(name: string, createdAt: number): number {
    this.#added += 1;
    const before = [this.objects, this.softDeleted].map((list) => this.#newest(list, name)?.generation ?? 0);
    return Math.max(createdAt * 1_000 + (this.#added % 1_000), ...before.map((generation) => generation + 1));
  }

  #newest(list: SortedList<ObjectVersion>, name: string): ObjectVersion | undefined {
    const last = list.lastUpTo({ name, generation: Number.POSITIVE_INFINITY });
    return last?.name === name ? last : undefined;
  }
}

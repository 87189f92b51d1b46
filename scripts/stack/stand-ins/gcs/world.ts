import { Bucket, type BucketOptions } from './bucket.ts';
import type { Attributes, ObjectVersion } from './object.ts';
import { noBucket } from './problem.ts';

export interface ObjectOptions extends Attributes {
  bucket: string;
  name: string;
  /** Unless given, the content is `size` zeros, which take no memory. */
  content?: string | Uint8Array;
  size?: number;
  createdAt?: Date;
}

/** What the stand-in of Cloud Storage knows: the buckets of one project, in memory. */
export class GcsWorld {
  readonly project: string;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly buckets = new Map<string, Bucket>();

  constructor(project: string, now: () => number) {
    this.project = project;
    this.now = now;
  }

  addBucket(options: BucketOptions): Bucket {
    const bucket = new Bucket(options, this.now);
    this.buckets.set(bucket.name, bucket);
    return bucket;
  }

  /** Adds an object as an upload does, perhaps one of the past. */
  putObject({ bucket, name, content, size = 0, createdAt, ...attributes }: ObjectOptions): ObjectVersion {
    const body = typeof content === 'string' ? Buffer.from(content) : (content ?? size);
    return this.bucket(bucket).add(
      name,
      body,
      Object.keys(attributes).length > 0 ? attributes : undefined,
      createdAt?.getTime(),
    );
  }

  /** Throws Google's refusal for a bucket that does not exist. */
  bucket(name: string): Bucket {
    const bucket = this.buckets.get(name);
    if (!bucket) throw noBucket();
    return bucket;
  }

  /** The live objects of a bucket, by name. */
  live(bucket: string): ObjectVersion[] {
    return all(this.bucket(bucket).objects).filter(({ noncurrentAt }) => noncurrentAt === null);
  }

  /** The noncurrent objects of a bucket, by name and generation. */
  noncurrent(bucket: string): ObjectVersion[] {
    return all(this.bucket(bucket).objects).filter(({ noncurrentAt }) => noncurrentAt !== null);
  }

  /** What can be restored in a bucket, by name and generation. */
  softDeleted(bucket: string): ObjectVersion[] {
    const of = this.bucket(bucket);
    return all(of.softDeleted).filter((version) => of.isRestorable(version));
  }
}

/** A project without buckets; a test may have its own clock. */
export function emptyGcs(project: string, now: () => number = Date.now): GcsWorld {
  return new GcsWorld(project, now);
}

function all(list: Bucket['objects']): ObjectVersion[] {
  return [...list.from({ name: '', generation: 0 })];
}

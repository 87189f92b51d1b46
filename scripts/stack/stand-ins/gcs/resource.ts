import type { Bucket } from './bucket.ts';
import type { ObjectVersion } from './object.ts';

/**
 * Resources as the discovery document of the JSON API describes them
 * (https://storage.googleapis.com/$discovery/rest?version=v1, schemas Bucket and Object): 64-bit integers are text.
 */

const PROJECT_NUMBER = '123456789012';
const MULTI_REGIONS = ['US', 'EU', 'ASIA'];

export function bucketResource(bucket: Bucket, origin: string): object {
  const { name, location, versioning, softDeleteSeconds, retentionSeconds } = bucket;
  const created = bucket.createdAt.toISOString();
  return {
    kind: 'storage#bucket',
    id: name,
    selfLink: `${origin}/storage/v1/b/${name}`,
    name,
    projectNumber: PROJECT_NUMBER,
    generation: String(bucket.createdAt.getTime() * 1_000),
    metageneration: '1',
    etag: 'CAE=',
    location,
    locationType: locationTypeOf(location),
    storageClass: 'STANDARD',
    timeCreated: created,
    updated: created,
    ...(versioning && { versioning: { enabled: true } }),
    softDeletePolicy: {
      retentionDurationSeconds: String(softDeleteSeconds),
      ...(softDeleteSeconds > 0 && { effectiveTime: created }),
    },
    ...(retentionSeconds > 0 && {
      retentionPolicy: { retentionPeriod: String(retentionSeconds), effectiveTime: created },
    }),
    iamConfiguration: {
      uniformBucketLevelAccess: { enabled: true },
      publicAccessPrevention: 'inherited',
    },
  };
}

export function locationTypeOf(location: string): string {
  return MULTI_REGIONS.includes(location) ? 'multi-region' : 'region';
}

/** What costs time is only worked out when it is read: a list of a million objects seldom asks for checksums. */
export function objectResource(bucket: Bucket, version: ObjectVersion, origin: string): object {
  const { name, metageneration, createdAt, updatedAt, noncurrentAt, softDeleted, attributes } = version;
  const generation = String(version.generation);
  const path = `storage/v1/b/${bucket.name}/o/${encodeURIComponent(name)}`;
  const created = timeOf(createdAt);
  const retainedUntil = bucket.retainedUntil(version);
  return {
    kind: 'storage#object',
    id: `${bucket.name}/${name}/${generation}`,
    selfLink: `${origin}/${path}`,
    mediaLink: `${origin}/download/${path}?generation=${generation}&alt=media`,
    name,
    bucket: bucket.name,
    generation,
    metageneration: String(metageneration),
    contentType: 'application/octet-stream',
    storageClass: 'STANDARD',
    ...attributes,
    size: String(version.size),
    get md5Hash() {
      return version.checksums?.md5Hash;
    },
    get crc32c() {
      return version.checksums?.crc32c;
    },
    etag: etagOf(version),
    timeCreated: created,
    updated: updatedAt === null ? created : timeOf(updatedAt),
    timeStorageClassUpdated: created,
    timeFinalized: created,
    ...(noncurrentAt !== null && { timeDeleted: timeOf(noncurrentAt) }),
    ...(softDeleted && {
      softDeleteTime: timeOf(softDeleted.at),
      hardDeleteTime: timeOf(softDeleted.until),
    }),
    ...(retainedUntil && { retentionExpirationTime: retainedUntil.toISOString() }),
  };
}

export function etagOf({ generation, metageneration }: ObjectVersion): string {
  return Buffer.from(`${generation}/${metageneration}`).toString('base64');
}

function timeOf(ms: number): string {
  return new Date(ms).toISOString();
}

import { addDays, type Day, startOfDay } from '../../../functions/shared/dates.ts';
import type { Bucket } from '../stand-ins/google/world.ts';
import { GIB, levelOf, MIB } from './growth.ts';

/** A bucket as the list of buckets tells it, its location in upper case, whether it holds anything or not. */
export interface SampleBucket {
  name: string;
  location: string;
  createdAt: Date;
  versioning: boolean;
  /** 0 where nothing that is deleted can be had back. */
  softDeleteSeconds: number;
}

const SOFT_DELETE_SECONDS = 7 * 86_400;

interface Plan {
  name: string;
  location: string;
  since: Day;
  /** By storage class, the bytes that come every day: live ones, and where there are any those of older versions and of the deleted. */
  classes: { storageClass: string; perDay: number; noncurrent?: number; softDeleted?: number }[];
  /** Of an object, on average. */
  objectBytes: number;
}

/** The buckets of the sample platform: one of two storage classes, one made twenty days ago, one with nothing in it. */
function plans(today: Day): Plan[] {
  return [
    {
      name: 'sample-artifacts',
      location: 'us-central1',
      since: '2025-02-03',
      classes: [{ storageClass: 'STANDARD', perDay: 26 * GIB, softDeleted: 1.5 * GIB }],
      objectBytes: 90 * MIB,
    },
    {
      name: 'sample-datasets',
      location: 'us',
      since: '2024-09-16',
      classes: [
        { storageClass: 'STANDARD', perDay: 18 * GIB, noncurrent: 2 * GIB },
        { storageClass: 'NEARLINE', perDay: 41 * GIB },
      ],
      objectBytes: 12 * MIB,
    },
    {
      name: 'sample-checkpoints',
      location: 'europe-west4',
      since: '2025-05-12',
      classes: [{ storageClass: 'STANDARD', perDay: 55 * GIB, noncurrent: 7 * GIB, softDeleted: 9 * GIB }],
      objectBytes: 640 * MIB,
    },
    {
      name: 'sample-exports',
      location: 'us-central1',
      since: '2025-01-20',
      classes: [{ storageClass: 'STANDARD', perDay: 3 * GIB }],
      objectBytes: 5 * MIB,
    },
    {
      name: 'sample-logs',
      location: 'us-central1',
      since: '2024-08-01',
      classes: [{ storageClass: 'COLDLINE', perDay: 6 * GIB }],
      objectBytes: MIB / 2,
    },
    {
      name: 'sample-staging',
      location: 'us-east4',
      since: '2025-07-07',
      classes: [{ storageClass: 'STANDARD', perDay: 0.4 * GIB, softDeleted: 0.2 * GIB }],
      objectBytes: 2 * MIB,
    },
    {
      name: 'sample-thumbnails',
      location: 'europe-west4',
      since: addDays(today, -20),
      classes: [{ storageClass: 'STANDARD', perDay: 0.9 * GIB }],
      objectBytes: MIB / 8,
    },
    {
      name: 'sample-scratch',
      location: 'us-east4',
      since: '2025-06-30',
      classes: [],
      objectBytes: MIB,
    },
  ];
}

/** The buckets of the sample platform, and what Monitoring knows of those that hold something. */
export function sampleStorage(today: Day): { buckets: SampleBucket[]; holdings: Bucket[] } {
  const planned = plans(today);
  return {
    buckets: planned.map(({ name, location, since, classes }) => ({
      name,
      location: location.toUpperCase(),
      createdAt: startOfDay(since),
      versioning: classes.some(({ noncurrent }) => noncurrent),
      softDeleteSeconds: classes.some(({ softDeleted }) => softDeleted) ? SOFT_DELETE_SECONDS : 0,
    })),
    holdings: planned.flatMap((plan) => holdingsOf(plan, today)),
  };
}

function holdingsOf({ name, location, since, classes, objectBytes }: Plan, today: Day): Bucket[] {
  return classes.map(({ storageClass, perDay, noncurrent, softDeleted }) => {
    const usage = (type: string, bytes: number) => {
      const level = (what: string, each: number) =>
        levelOf({ name: `${type} ${what} of ${name} ${storageClass}`, perDay: each, since }, today);
      return { bytes: level('bytes', bytes), objects: level('objects', bytes / objectBytes) };
    };
    return {
      name,
      location,
      storageClass,
      live: usage('live', perDay),
      ...(noncurrent && { noncurrent: usage('noncurrent', noncurrent) }),
      ...(softDeleted && { softDeleted: usage('soft-deleted', softDeleted) }),
    };
  });
}

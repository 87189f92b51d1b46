import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../functions/shared/dates.ts';
import {
  type BigQueryJob,
  emptyWorld,
  type PlatformWorld,
  type RunService,
} from '../../scripts/stack/google/world.ts';
import { PROJECT } from './google.ts';
import { utc } from './jobs.ts';

/** The day that the platform of the tests is asked about. */
export const DAY_START = utc('2026-03-09T00:00');
export const DAY_END = utc('2026-03-10T00:00');

/** An empty platform with what a test puts in it. */
export function worldWith(parts: Partial<PlatformWorld> = {}): PlatformWorld {
  return { ...emptyWorld(PROJECT), ...parts };
}

/** A query that ran from 10:00 to 11:00 on the day, unless told otherwise. */
export function queryJob(over: Partial<BigQueryJob> & { id: string }): BigQueryJob {
  return {
    location: 'US',
    user: 'etl@acme-ml.iam.gserviceaccount.com',
    createdAt: utc('2026-03-09T10:00'),
    startedAt: utc('2026-03-09T10:00'),
    endedAt: utc('2026-03-09T11:00'),
    error: null,
    ...over,
  };
}

/** `count` jobs, one a minute, of which every fifth failed and every third began the day before. */
export function manyJobs(count: number): BigQueryJob[] {
  return Array.from({ length: count }, (_, index) => {
    const endedAt = new Date(DAY_START.getTime() + index * MINUTE_MS);
    const createdAt = new Date(endedAt.getTime() - (index % 3 === 0 ? DAY_MS : HOUR_MS));
    const error = index % 5 === 0 ? { reason: 'invalidQuery', message: 'Syntax error at [1:8]' } : null;
    return queryJob({ id: `job-${index}`, createdAt, startedAt: createdAt, endedAt, error });
  });
}

/** `count` services in each of `regions`. */
export function services(count: number, regions: readonly string[]): RunService[] {
  return regions.flatMap((region) =>
    Array.from({ length: count }, (_, index) => ({
      name: `service-${index}`,
      region,
      createdAt: new Date(DAY_START.getTime() - index * HOUR_MS),
    })),
  );
}

import type { TestContext } from 'node:test';
import type { DayQuery } from '../../functions/collect-metrics/sources/source.ts';
import { bigquery } from '../../functions/shared/cloud/bigquery.ts';
import { monitoring } from '../../functions/shared/cloud/monitoring/monitoring.ts';
import { cloudRun } from '../../functions/shared/cloud/run-services.ts';
import { cloudSql } from '../../functions/shared/cloud/sql.ts';
import { addMs, DAY_MS, type Day, endOfDay, HOUR_MS, MINUTE_MS } from '../../functions/shared/dates.ts';
import type { GoogleApis, GoogleApisOptions } from '../../scripts/stack/stand-ins/google/apis.ts';
import {
  type BigQueryJob,
  emptyWorld,
  type Level,
  type PlatformWorld,
  type RunService,
} from '../../scripts/stack/stand-ins/google/world.ts';
import { AT_ONCE, googleApis, PROJECT, recordedLog } from './google.ts';
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
    const endedAt = addMs(DAY_START, index * MINUTE_MS);
    const createdAt = addMs(endedAt, -(index % 3 === 0 ? DAY_MS : HOUR_MS));
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
      createdAt: addMs(DAY_START, -index * HOUR_MS),
    })),
  );
}

/** A level that is `values[0]` at first, and takes each further value at 6:10 and 18:10 of the days from 8 March on. */
export function steps(...values: (number | null)[]): Level {
  const first = utc('2026-03-08T06:10').getTime();
  return values.map((value, index) => ({
    from: index === 0 ? utc('2026-01-01T00:00') : new Date(first + ((index - 1) * DAY_MS) / 2),
    value,
  }));
}

/** What a source is asked for when its day is over, and nobody looks at what there is now, unless told otherwise. */
export function askedFor(date: Day, over: Partial<DayQuery> = {}): DayQuery {
  return { date, until: endOfDay(date), lookNow: false, ...over };
}

/** The clients of Google's APIs, and the stand-ins that they ask about `world`. */
export async function platformClients(
  context: TestContext,
  world: PlatformWorld,
  options: GoogleApisOptions = {},
) {
  const apis = await googleApis(context, world, options);
  const { log } = recordedLog();
  const over = (api: keyof GoogleApis['baseUrls']) => ({
    project: PROJECT,
    baseUrl: apis.baseUrls[api],
    log,
    retry: AT_ONCE,
  });
  return {
    apis,
    monitoring: monitoring(over('monitoring')),
    bigquery: bigquery(over('bigquery')),
    run: cloudRun(over('run')),
    sql: cloudSql(over('sql')),
  };
}

/** How many pages were read of each list: by the method, and the metric where there is one. */
export function pagesRead(apis: GoogleApis): Record<string, number> {
  const pages: Record<string, number> = {};
  for (const { method, page, query } of apis.requests()) {
    const [, metric] = /metric\.type = "([^"]+)"/.exec(query.get('filter') ?? '') ?? [];
    const list = metric ?? method;
    pages[list] = Math.max(pages[list] ?? 0, page);
  }
  return pages;
}

/** Makes the answers to the requests that a rule is for say that a place was out of reach. */
export function outOfReach(place: string) {
  return {
    kind: 'changed' as const,
    change: (body: Record<string, unknown>) => Object.assign(body, { unreachable: [place] }),
  };
}

import type { Day } from '../../functions/shared/dates.ts';
import { addMs } from '../../functions/shared/dates.ts';
import type { JobFigures } from '../../functions/shared/model/day/day.ts';
import type { PlatformFigures } from '../../functions/shared/model/day/platform.ts';
import type { SampleRecord } from '../../scripts/stack/sample/job.ts';
import type { Platform } from '../../scripts/stack/sample/platform.ts';
import type { Level, Usage } from '../../scripts/stack/stand-ins/google/world.ts';

/**
 * What yesterday, `day`, has to come to, counted straight from what the stand-ins know. The collections of Firestore
 * are not among it: they are in the emulator.
 */
export function sectionsOf({ world, buckets }: Platform, day: Day): PlatformFigures {
  const from = new Date(`${day}T00:00:00Z`);
  const to = addMs(from, 86_400_000);
  const at = (level: Level) => valueAt(level, to) ?? 0;
  const within = (instant: Date | null) => instant !== null && instant >= from && instant < to;
  const none = { more: 0, missing: [] };

  const bucketNames = [...new Set(world.buckets.map(({ name }) => name))];
  const perBucket = bucketNames.map((bucket) => {
    const parts = world.buckets.filter(({ name }) => name === bucket);
    const held = (of: keyof Usage, usages: (Usage | undefined)[]) =>
      sum(usages.map((usage) => (usage ? at(usage[of]) : 0)));
    const usable = parts.flatMap(({ live, noncurrent }) => [live, noncurrent]);
    return {
      bucket,
      bytes: held('bytes', usable),
      objects: held('objects', usable),
      softDeletedBytes: held(
        'bytes',
        parts.map(({ softDeleted }) => softDeleted),
      ),
    };
  });
  const perDataset = world.bigquery.datasets.map(({ id, tables }) => ({
    dataset: id,
    tables: tables.filter(({ bytes }) => valueAt(bytes, to) !== null).length,
    bytes: sum(tables.map(({ bytes }) => at(bytes))),
  }));
  const ended = world.bigquery.jobs.filter(({ endedAt }) => within(endedAt));
  const perService = world.run.services
    .map(({ name: service, region }) => {
      const requests: Record<string, number> = {};
      for (const told of world.run.requests)
        if (told.service === service && told.region === region && told.at > from && told.at <= to)
          requests[told.responseClass] = (requests[told.responseClass] ?? 0) + told.count;
      return { service, region, requests };
    })
    .filter(({ requests }) => Object.keys(requests).length > 0);
  const requestsOf = (row: { requests: Record<string, number> }) => sum(Object.values(row.requests));
  const perInstance = world.sql.map(({ name, bytes }) => ({ instance: name, bytes: at(bytes) }));
  const perDatabase = world.firestore.map(({ id, bytes }) => ({ database: id, bytes: at(bytes) }));

  return {
    storage: {
      buckets: buckets.filter(({ createdAt }) => createdAt < to).length,
      bytes: sum(perBucket.map(({ bytes }) => bytes)),
      objects: sum(perBucket.map(({ objects }) => objects)),
      softDeletedBytes: sum(perBucket.map(({ softDeletedBytes }) => softDeletedBytes)),
      perBucket: largestFirst(perBucket, ({ bytes }) => bytes),
      ...none,
    },
    bigquery: {
      tables: sum(perDataset.map(({ tables }) => tables)),
      bytes: sum(perDataset.map(({ bytes }) => bytes)),
      jobsCompleted: ended.filter(({ error }) => error === null).length,
      jobsFailed: ended.filter(({ error }) => error !== null).length,
      perDataset: largestFirst(perDataset, ({ bytes }) => bytes),
      ...none,
    },
    cloudRun: {
      services: world.run.services.filter(({ createdAt }) => createdAt < to).length,
      activeServices: perService.length,
      requests: sum(perService.map(requestsOf)),
      perService: largestFirst(perService, requestsOf),
      ...none,
    },
    database: {
      firestore: {
        bytes: sum(perDatabase.map(({ bytes }) => bytes)),
        documents: null,
        collections: null,
        perDatabase,
      },
      cloudSql: {
        instances: world.sql.length,
        bytes: sum(perInstance.map(({ bytes }) => bytes)),
        tables: null,
        perInstance: largestFirst(perInstance, ({ bytes }) => bytes),
      },
      ...none,
    },
  };
}

/** What a day's records of one kind have to come to. */
export function countsOf(records: readonly SampleRecord[], day: Day): JobFigures {
  const on = (instant: Date | null) => instant?.toISOString().startsWith(day) ?? false;
  const to = addMs(new Date(`${day}T00:00:00Z`), 86_400_000);
  const ended = records.filter(({ endedAt }) => on(endedAt));
  const withStatus = (status: SampleRecord['status']) => ended.filter((it) => it.status === status).length;
  return {
    started: records.filter(({ startedAt }) => on(startedAt)).length,
    completed: withStatus('completed'),
    failed: withStatus('failed'),
    cancelled: withStatus('cancelled'),
    neverStarted: ended.filter(({ startedAt }) => !startedAt).length,
    inFlight: records.filter(
      ({ startedAt, endedAt }) => startedAt && startedAt < to && (endedAt === null || endedAt >= to),
    ).length,
  };
}

/** The value of the newest step; null when there is none yet, or none any more. */
export function valueAt(level: Level, at: Date): number | null {
  if (typeof level === 'number') return level;
  return level.filter(({ from }) => from <= at).at(-1)?.value ?? null;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

function largestFirst<Row>(rows: readonly Row[], size: (row: Row) => number): Row[] {
  return [...rows].sort((a, b) => size(b) - size(a));
}

import { type Day, daysBetween } from '../../shared/dates.ts';
import type { DailyMetrics } from '../../shared/model/day/day.ts';
import type { DayAnswer } from '../api/schemas.ts';

/** Every day from `from` to `to`, the oldest first; one that is not stored is missing, which is not zero. */
export function dayAnswers(from: Day, to: Day, stored: readonly DailyMetrics[]): DayAnswer[] {
  const byDate = new Map(stored.map((day) => [day.date, day]));
  return daysBetween(from, to).map((date) => {
    const day = byDate.get(date);
    return day ? dayAnswer(day) : missing(date);
  });
}

function dayAnswer(day: DailyMetrics): DayAnswer {
  const { date, status, revision, collectedAt, jobs, gpu, etl, storage, bigquery, cloudRun, database } = day;
  return {
    date,
    status,
    revision,
    collectedAt: collectedAt.toISOString(),
    jobs,
    gpu,
    etl,
    storage: storage && {
      buckets: storage.buckets,
      bytes: storage.bytes,
      objects: storage.objects,
      softDeletedBytes: storage.softDeletedBytes,
    },
    bigquery: bigquery && {
      tables: bigquery.tables,
      bytes: bigquery.bytes,
      jobsCompleted: bigquery.jobsCompleted,
      jobsFailed: bigquery.jobsFailed,
    },
    cloudRun: cloudRun && {
      services: cloudRun.services,
      activeServices: cloudRun.activeServices,
      requests: cloudRun.requests,
    },
    database: database && {
      firestoreBytes: database.firestore.bytes,
      cloudSqlBytes: database.cloudSql?.bytes ?? null,
    },
    sourcesFailing: Object.fromEntries(
      Object.entries(day.sources).flatMap(([source, { status: state }]) =>
        state === 'ok' ? [] : [[source, state]],
      ),
    ),
  };
}

function missing(date: Day): DayAnswer {
  return {
    date,
    status: 'missing',
    revision: null,
    collectedAt: null,
    jobs: null,
    gpu: null,
    etl: null,
    storage: null,
    bigquery: null,
    cloudRun: null,
    database: null,
    sourcesFailing: {},
  };
}

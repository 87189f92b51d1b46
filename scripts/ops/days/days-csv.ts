import type { DailyMetrics } from '../../../functions/shared/model/day/day.ts';
import type { MissingDay } from './days-table.ts';

type Cell = string | number | null | undefined;

/** The columns, each with the total it holds; sources are those that did not answer in full. */
const COLUMNS: Record<string, (day: DailyMetrics) => Cell> = {
  revision: ({ revision }) => revision,
  jobsStarted: ({ jobs }) => jobs?.started,
  jobsCompleted: ({ jobs }) => jobs?.completed,
  jobsFailed: ({ jobs }) => jobs?.failed,
  jobsCancelled: ({ jobs }) => jobs?.cancelled,
  jobsNeverStarted: ({ jobs }) => jobs?.neverStarted,
  jobsInFlight: ({ jobs }) => jobs?.inFlight,
  gpuHoursUsed: ({ gpu }) => gpu?.hoursUsed,
  gpuHoursCompleted: ({ gpu }) => gpu?.hoursCompleted,
  gpuHoursAccrued: ({ gpu }) => gpu?.hoursAccrued,
  etlStarted: ({ etl }) => etl?.started,
  etlCompleted: ({ etl }) => etl?.completed,
  etlFailed: ({ etl }) => etl?.failed,
  etlCancelled: ({ etl }) => etl?.cancelled,
  etlNeverStarted: ({ etl }) => etl?.neverStarted,
  etlInFlight: ({ etl }) => etl?.inFlight,
  storageBuckets: ({ storage }) => storage?.buckets,
  storageBytes: ({ storage }) => storage?.bytes,
  storageObjects: ({ storage }) => storage?.objects,
  storageSoftDeletedBytes: ({ storage }) => storage?.softDeletedBytes,
  bigqueryTables: ({ bigquery }) => bigquery?.tables,
  bigqueryBytes: ({ bigquery }) => bigquery?.bytes,
  bigqueryJobsCompleted: ({ bigquery }) => bigquery?.jobsCompleted,
  bigqueryJobsFailed: ({ bigquery }) => bigquery?.jobsFailed,
  cloudRunServices: ({ cloudRun }) => cloudRun?.services,
  cloudRunActiveServices: ({ cloudRun }) => cloudRun?.activeServices,
  cloudRunRequests: ({ cloudRun }) => cloudRun?.requests,
  firestoreBytes: ({ database }) => database?.firestore.bytes,
  firestoreDocuments: ({ database }) => database?.firestore.documents,
  firestoreCollections: ({ database }) => database?.firestore.collections,
  cloudSqlInstances: ({ database }) => database?.cloudSql?.instances,
  cloudSqlBytes: ({ database }) => database?.cloudSql?.bytes,
  cloudSqlTables: ({ database }) => database?.cloudSql?.tables,
  projects: ({ jobs, projects }) => (jobs === null ? null : projects.length),
  sourcesFailing: ({ sources }) =>
    Object.entries(sources)
      .filter(([, { status }]) => status !== 'ok')
      .map(([name]) => name)
      .join(' '),
};

/**
 * The totals of each day as CSV (RFC 4180), a header first: exact figures, bytes as bytes, and nothing where nobody knows.
 * No cell holds text of a record: nothing needs a quote, and no spreadsheet finds a formula.
 */
export function daysAsCsv(days: readonly (DailyMetrics | MissingDay)[]): string {
  const rows = days.map((day) => [
    day.date,
    day.status,
    ...Object.values(COLUMNS).map((cell) => (day.status === 'missing' ? '' : (cell(day) ?? ''))),
  ]);
  return [['date', 'status', ...Object.keys(COLUMNS)], ...rows].map((row) => `${row.join(',')}\r\n`).join('');
}

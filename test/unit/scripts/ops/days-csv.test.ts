import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { parse } from 'csv-parse/sync';
import { daysAsCsv } from '../../../../scripts/ops/days/days-csv.ts';
import { fullDay, sourceState, sourceStates } from './full-day.ts';

const HEADER =
  'date,status,revision,jobsStarted,jobsCompleted,jobsFailed,jobsCancelled,jobsNeverStarted,jobsInFlight,' +
  'gpuHoursUsed,gpuHoursCompleted,gpuHoursAccrued,' +
  'etlStarted,etlCompleted,etlFailed,etlCancelled,etlNeverStarted,etlInFlight,' +
  'storageBuckets,storageBytes,storageObjects,storageSoftDeletedBytes,' +
  'bigqueryTables,bigqueryBytes,bigqueryJobsCompleted,bigqueryJobsFailed,' +
  'cloudRunServices,cloudRunActiveServices,cloudRunRequests,' +
  'firestoreBytes,firestoreDocuments,firestoreCollections,cloudSqlInstances,cloudSqlBytes,cloudSqlTables,' +
  'projects,sourcesFailing';

/** The cells of a day that say something, by their column. */
function cells(...days: Parameters<typeof daysAsCsv>[0]): Record<string, string> {
  const [row = {}]: Record<string, string>[] = parse(daysAsCsv(days), { columns: true });
  return Object.fromEntries(Object.entries(row).filter(([, cell]) => cell !== ''));
}

describe('daysAsCsv()', () => {
  test('has a fixed header and a row per day, each ended by CR LF', () =>
    assert.equal(
      daysAsCsv([fullDay(), { date: '2026-11-22', status: 'missing' }]),
      `${HEADER}\r\n2026-11-21,provisional,1,15,15,3,0,1,14,507.0123456789,409.4,1000.25,74,72,2,0,0,1,` +
        '8,13207024435200,1204331,332859965440,31,872307857817.6,41,2,6,2,120311,1288490188.8,,9,2,94489280512,,3,\r\n' +
        `2026-11-22,missing${','.repeat(35)}\r\n`,
    ));

  test('has the header alone of no day at all', () => assert.equal(daysAsCsv([]), `${HEADER}\r\n`));

  test('leaves empty what nobody knows, and writes 0 for what is 0', () => {
    const unknown = fullDay({
      jobs: null,
      gpu: null,
      etl: null,
      bigquery: null,
      cloudRun: null,
      database: null,
      storage: {
        buckets: null,
        bytes: 0,
        objects: 0,
        softDeletedBytes: null,
        perBucket: [],
        more: 0,
        missing: [],
      },
      projects: [],
      sources: sourceStates({
        jobs: sourceState({ status: 'failed' }),
        cloudRun: sourceState({ status: 'partial' }),
      }),
    });
    assert.deepEqual(cells(unknown), {
      date: '2026-11-21',
      status: 'provisional',
      revision: '1',
      storageBytes: '0',
      storageObjects: '0',
      sourcesFailing: 'jobs cloudRun',
    });
  });

  test('counts no project as 0 where the jobs are known', () =>
    assert.equal(cells(fullDay({ projects: [] })).projects, '0'));
});

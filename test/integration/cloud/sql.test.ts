import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import { cloudSql } from '../../../functions/shared/cloud/sql.ts';
import type { SqlInstance } from '../../../scripts/stack/stand-ins/google/world.ts';
import { AT_ONCE, googleApis, LIMITS, PROJECT, recordedLog, rejection } from '../../support/google.ts';
import { worldWith } from '../../support/platform.ts';

const INSTANCES: SqlInstance[] = Array.from({ length: 5 }, (_, index) => ({
  name: `crm-${index}`,
  region: 'europe-west4',
  version: 'POSTGRES_17',
  state: index === 0 ? 'STOPPED' : 'RUNNABLE',
  bytes: 1_000,
}));

async function setup(context: TestContext, sql: SqlInstance[]) {
  const apis = await googleApis(context, worldWith({ sql }), { pageSize: 2 });
  const { log } = recordedLog();
  return { apis, sql: cloudSql({ project: PROJECT, baseUrl: apis.baseUrls.sql, log, retry: AT_ONCE }) };
}

describe('instances()', () => {
  test('lists them over three pages', async (context) => {
    const { apis, sql } = await setup(context, INSTANCES);
    const { instances, missing } = await sql.instances(LIMITS);
    assert.deepEqual(
      instances,
      INSTANCES.map(({ bytes: _, ...instance }) => instance),
    );
    assert.deepEqual(missing, []);
    assert.equal(apis.requests().length, 3);
  });

  test('of an empty project is an empty list', async (context) => {
    const { sql } = await setup(context, []);
    assert.deepEqual(await sql.instances(LIMITS), { instances: [], missing: [] });
  });

  test('names the regions that a warning names, and takes no other warning for one', async (context) => {
    const { apis, sql } = await setup(context, []);
    const warnings = [
      { code: 'REGION_UNREACHABLE', message: 'not reachable', region: 'us-west1' },
      { code: 'MAX_RESULTS_EXCEEDS_LIMIT', message: 'cut' },
    ];
    apis.faults.add({ fault: { kind: 'changed', change: (body) => Object.assign(body, { warnings }) } });
    assert.deepEqual((await sql.instances(LIMITS)).missing, ['us-west1']);
  });

  test('takes the missing permission from the details of a denial', async (context) => {
    const { apis, sql } = await setup(context, []);
    apis.faults.add({ fault: { kind: 'denied' } });
    assert.match(
      (await rejection(sql.instances(LIMITS))).message,
      /The client is not authorized to make this request\.; missing permission: cloudsql\.instances\.list$/,
    );
  });
});

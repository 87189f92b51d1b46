import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import { bigquery } from '../../../functions/shared/cloud/bigquery.ts';
import { addMs } from '../../../functions/shared/dates.ts';
import type { BigQueryJob } from '../../../scripts/stack/stand-ins/google/world.ts';
import { AT_ONCE, googleApis, LIMITS, PROJECT, recordedLog, rejection } from '../../support/google.ts';
import { utc } from '../../support/jobs.ts';
import { DAY_END, DAY_START, manyJobs, queryJob, worldWith } from '../../support/platform.ts';

async function setup(context: TestContext, jobs: BigQueryJob[], pageSize = 1_000) {
  const apis = await googleApis(context, worldWith({ bigquery: { jobs, datasets: [] } }), { pageSize });
  const { log } = recordedLog();
  const options = { project: PROJECT, baseUrl: apis.baseUrls.bigquery, log, retry: AT_ONCE };
  return { apis, ended: () => bigquery(options).endedJobs(DAY_START, DAY_END, LIMITS) };
}

describe('endedJobs()', () => {
  test('counts by the end of a job, over three pages, whenever it was created', async (context) => {
    const jobs = manyJobs(2_900);
    const { apis, ended } = await setup(context, jobs, 700);
    const found = (await ended()).jobs;
    const onTheDay = jobs.filter(({ endedAt }) => endedAt && endedAt >= DAY_START && endedAt < DAY_END);
    assert.equal(onTheDay.length, 1_440);
    assert.deepEqual(found.map(({ id }) => id).sort(), onTheDay.map(({ id }) => id).sort());
    assert.equal(found.filter(({ failed }) => failed).length, onTheDay.filter(({ error }) => error).length);
    assert.equal(apis.requests().length, 3);
  });

  const EDGES: [what: string, job: Partial<BigQueryJob>, counts: boolean][] = [
    [
      'ended at the first instant of the day',
      { endedAt: DAY_START, createdAt: utc('2026-03-08T23:00') },
      true,
    ],
    [
      'ended a millisecond before the day',
      { endedAt: addMs(DAY_START, -1), createdAt: utc('2026-03-08T23:00') },
      false,
    ],
    ['ended in the last millisecond', { endedAt: addMs(DAY_END, -1) }, true],
    ['ended at the next midnight', { endedAt: DAY_END }, false],
    [
      'began and ended in the last millisecond',
      { createdAt: addMs(DAY_END, -1), endedAt: addMs(DAY_END, -1) },
      true,
    ],
    ['was created 48 hours before the day', { createdAt: utc('2026-03-07T00:00') }, true],
    ['still runs', { endedAt: null }, false],
    ['still waits', { startedAt: null, endedAt: null }, false],
    ['failed before it started', { startedAt: null }, true],
  ];
  for (const [what, over, counts] of EDGES)
    test(`${counts ? 'counts' : 'leaves out'} a job that ${what}`, async (context) => {
      const { ended } = await setup(context, [queryJob({ id: 'one', ...over })]);
      assert.equal((await ended()).jobs.length, counts ? 1 : 0);
    });

  test('tells where, when, and why it failed', async (context) => {
    const { ended } = await setup(context, [
      queryJob({
        id: 'bad',
        location: 'EU',
        error: { reason: 'stopped', message: 'Job execution was cancelled' },
      }),
      queryJob({ id: 'good', createdAt: utc('2026-03-09T09:00') }),
    ]);
    assert.deepEqual(await ended(), {
      jobs: [
        {
          id: 'bad',
          location: 'EU',
          createdAt: utc('2026-03-09T10:00'),
          endedAt: utc('2026-03-09T11:00'),
          failed: true,
          reason: 'stopped',
        },
        {
          id: 'good',
          location: 'US',
          createdAt: utc('2026-03-09T09:00'),
          endedAt: utc('2026-03-09T11:00'),
          failed: false,
          reason: null,
        },
      ],
      missing: [],
    });
  });

  test('of an empty project is an empty list', async (context) => {
    const { ended } = await setup(context, []);
    assert.deepEqual(await ended(), { jobs: [], missing: [] });
  });

  test('names locations out of reach', async (context) => {
    const { apis, ended } = await setup(context, [queryJob({ id: 'one' })]);
    const change = (body: Record<string, unknown>) => Object.assign(body, { unreachable: ['europe-west5'] });
    apis.faults.add({ fault: { kind: 'changed', change } });
    const { jobs, missing } = await ended();
    assert.deepEqual([jobs.length, missing], [1, ['europe-west5']]);
  });

  test("tells a denial with the permission, in BigQuery's own words", async (context) => {
    const { apis, ended } = await setup(context, []);
    apis.faults.add({ fault: { kind: 'denied' } });
    assert.match((await rejection(ended())).message, /missing permission: bigquery\.jobs\.listAll$/);
  });

  test('names the path of a job that came without its end, as a redacted one may', async (context) => {
    const { apis, ended } = await setup(context, [queryJob({ id: 'a' }), queryJob({ id: 'b' })]);
    const change = ({ jobs }: Record<string, unknown>) => {
      delete (jobs as { statistics: { endTime?: string } }[])[1]?.statistics.endTime;
    };
    apis.faults.add({ fault: { kind: 'changed', change } });
    assert.match((await rejection(ended())).message, /page 1\): jobs\.1\.statistics\.endTime: Missing/);
  });
});

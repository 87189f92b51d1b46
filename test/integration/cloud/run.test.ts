import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import { cloudRun } from '../../../functions/shared/cloud/run-services.ts';
import { DeadlineExceeded } from '../../../functions/shared/errors.ts';
import type { RunService } from '../../../scripts/stack/stand-ins/google/world.ts';
import { AT_ONCE, googleApis, LIMITS, PROJECT, recordedLog, rejection } from '../../support/google.ts';
import { services, worldWith } from '../../support/platform.ts';

const REGIONS = ['europe-west4', 'us-central1', 'asia-east1'];

async function setup(context: TestContext, list: RunService[], pageSize = 1_000) {
  const world = worldWith({ run: { services: list, requests: [] } });
  const apis = await googleApis(context, world, { pageSize });
  const { log } = recordedLog();
  return { apis, run: cloudRun({ project: PROJECT, baseUrl: apis.baseUrls.run, log, retry: AT_ONCE }) };
}

function sorted(list: readonly Omit<RunService, 'url'>[]): string[] {
  return list.map(({ name, region, createdAt }) => `${region}/${name} ${createdAt.toISOString()}`).sort();
}

describe('services()', () => {
  test('lists all regions at once, over three pages', async (context) => {
    const list = services(8, REGIONS);
    const { apis, run } = await setup(context, list, 10);
    const found = await run.services(LIMITS);
    assert.deepEqual(sorted(found.services), sorted(list));
    assert.deepEqual(found.missing, []);
    assert.deepEqual(
      apis.requests().map(({ page, region }) => [page, region]),
      [
        [1, '-'],
        [2, '-'],
        [3, '-'],
      ],
    );
  });

  test('lists one region alone', async (context) => {
    const { run } = await setup(context, services(2, REGIONS));
    const found = await run.services(LIMITS, 'us-central1');
    assert.deepEqual(
      found.services.map(({ name, region }) => `${region}/${name}`),
      ['us-central1/service-0', 'us-central1/service-1'],
    );
  });

  test('one region that hangs costs its own deadline and no other region', async (context) => {
    const { apis, run } = await setup(context, services(1, REGIONS));
    apis.faults.add({ region: 'us-central1', fault: { kind: 'hang' } });
    const asked = REGIONS.map((region) => run.services({ limitMs: 1_500 }, region));
    const [first, second, third] = await Promise.allSettled(asked);
    assert.deepEqual([first?.status, third?.status], ['fulfilled', 'fulfilled']);
    assert.ok(second?.status === 'rejected' && second.reason instanceof DeadlineExceeded);
    assert.match(second.reason.message, /region us-central1, page 1\): no answer within 1500 ms$/);
  });

  test('of an empty project is an empty list', async (context) => {
    const { run } = await setup(context, []);
    assert.deepEqual(await run.services(LIMITS), { services: [], missing: [] });
  });

  test('names regions out of reach by their own names', async (context) => {
    const { apis, run } = await setup(context, services(1, ['europe-west4']));
    const unreachable = ['projects/acme-ml/locations/us-central1', 'asia-east1'];
    const change = (body: Record<string, unknown>) => Object.assign(body, { unreachable });
    apis.faults.add({ fault: { kind: 'changed', change } });
    const found = await run.services(LIMITS);
    assert.deepEqual([found.services.length, found.missing], [1, ['asia-east1', 'us-central1']]);
  });

  test('tells a denial with the permission', async (context) => {
    const { apis, run } = await setup(context, []);
    apis.faults.add({ fault: { kind: 'denied' } });
    assert.match((await rejection(run.services(LIMITS))).message, /missing permission: run\.services\.list$/);
  });

  test('names the path of a service without a region', async (context) => {
    const { apis, run } = await setup(context, services(1, REGIONS));
    const change = ({ items }: Record<string, unknown>) => {
      const [, , third] = items as { metadata: object }[];
      Object.assign(third?.metadata ?? {}, { labels: {} });
    };
    apis.faults.add({ fault: { kind: 'changed', change } });
    assert.match(
      (await rejection(run.services(LIMITS))).message,
      /items\.2\.metadata\.labels\.cloud\.googleapis\.com\/location: Missing/,
    );
  });
});

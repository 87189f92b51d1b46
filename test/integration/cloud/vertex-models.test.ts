import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { type ModelArtifacts, vertexModels } from '../../../functions/shared/cloud/vertex-models.ts';
import { DeadlineExceeded, UpstreamError } from '../../../functions/shared/errors.ts';
import type { GoogleApisOptions } from '../../../scripts/stack/stand-ins/google/apis.ts';
import type { RegisteredModel } from '../../../scripts/stack/stand-ins/google/world.ts';
import { AT_ONCE, googleApis, LIMITS, PROJECT, recordedLog, rejection } from '../../support/google.ts';
import { worldWith } from '../../support/platform.ts';

const EUROPE = 'europe-west4';
const US = 'us-central1';
const REGIONS = [EUROPE, US, 'asia-east1'];

/** `count` models of a region, each with `versions` versions that have artifacts of their own. */
function models(count: number, region = EUROPE, versions = 1): RegisteredModel[] {
  return Array.from({ length: count }, (_, index) => {
    const id = `model-${index}`;
    const artifactUris = Array.from({ length: versions }, (_, at) => `gs://models/${region}/${id}/${at + 1}`);
    return { id, region, artifactUris };
  });
}

/** What the registry holds, counted over the plain data. */
function counted(list: readonly RegisteredModel[]): string[] {
  return list
    .flatMap(({ id, region, artifactUris }) =>
      artifactUris.flatMap((uri, at) =>
        uri ? [`${region} projects/591020730428/locations/${region}/models/${id}@${at + 1} ${uri}`] : [],
      ),
    )
    .sort();
}

function told(list: readonly ModelArtifacts[]): string[] {
  return list.map(({ uri, model, region }) => `${region} ${model} ${uri}`).sort();
}

interface Setup extends GoogleApisOptions {
  regions?: string[];
}

async function setup(
  context: TestContext,
  list: RegisteredModel[],
  { regions = REGIONS, ...options }: Setup = {},
) {
  const apis = await googleApis(context, worldWith({ models: list }), options);
  const { log, lines } = recordedLog();
  const { aiplatform: baseUrl } = apis.baseUrls;
  return { apis, lines, registry: vertexModels({ project: PROJECT, regions, baseUrl, log, retry: AT_ONCE }) };
}

/** Waits for what comes soon or never: the assertion after it tells which. */
async function until(reached: () => boolean): Promise<void> {
  for (let waits = 0; waits < 500 && !reached(); waits += 1) await sleep(10);
}

describe('artifactUris()', () => {
  test('tells every version of every model in all regions, which may lie anywhere', async (context) => {
    const list = [
      ...REGIONS.flatMap((region) => models(3, region, 2)),
      { id: 'moved', region: US, artifactUris: ['gs://old/moved', 'gs://new/moved/', 'gs://new/moved/v3'] },
    ];
    const { registry } = await setup(context, list);
    assert.deepEqual(told(await registry.artifactUris(LIMITS)), counted(list));
  });

  test('reads three pages of models, and three of versions', async (context) => {
    const list = models(5, EUROPE, 5);
    const { apis, registry } = await setup(context, list, { regions: [EUROPE], pageSize: 2 });
    assert.deepEqual(told(await registry.artifactUris(LIMITS)), counted(list));
    const pages = (name: string) =>
      apis.requests().flatMap(({ method, page }) => (method === name ? [page] : []));
    assert.deepEqual(pages('models.list'), [1, 2, 3]);
    assert.deepEqual(
      pages('models.listVersions').sort(),
      [1, 2, 3].flatMap((page) => Array.from({ length: 5 }, () => page)),
    );
  });

  test('leaves out versions that have no artifacts', async (context) => {
    const list = [
      { id: 'automl', region: EUROPE, artifactUris: [null] },
      { id: 'later', region: EUROPE, artifactUris: [null, 'gs://models/later'] },
    ];
    const { registry } = await setup(context, list);
    assert.deepEqual(told(await registry.artifactUris(LIMITS)), counted(list));
  });

  test('of an empty project is an empty list, of which every region was asked', async (context) => {
    const { apis, registry } = await setup(context, []);
    assert.deepEqual(await registry.artifactUris(LIMITS), []);
    assert.deepEqual(
      apis.requests().map(({ region }) => region),
      REGIONS,
    );
  });

  test('asks only for what it reads', async (context) => {
    const { apis, registry } = await setup(context, models(2));
    await registry.artifactUris(LIMITS);
    assert.deepEqual(
      [...new Set(apis.requests().map(({ query }) => query.get('fields')))],
      ['nextPageToken,models(name)', 'nextPageToken,models(versionId,artifactUri)'],
    );
  });

  for (const [what, method, list, regions] of [
    ['regions', 'models.list', [], Array.from({ length: 20 }, (_, index) => `us-east${index}`)],
    ['models', 'models.listVersions', models(10).concat(models(10, US)), REGIONS],
  ] as const)
    test(`asks for eight ${what} at once`, async (context) => {
      const { apis, registry } = await setup(context, [...list], { regions: [...regions] });
      apis.faults.add({ method, fault: { kind: 'hang' } });
      const stop = new AbortController();
      const asking = rejection(registry.artifactUris({ ...LIMITS, signal: stop.signal }));
      const hanging = () => apis.requests().filter((request) => request.method === method).length;
      await until(() => hanging() >= 8);
      // Time for a ninth.
      await sleep(100);
      assert.equal(hanging(), 8);
      stop.abort(new Error('seen enough'));
      assert.equal((await asking).message, 'seen enough');
    });
});

describe('artifactUris() is refused as a whole', () => {
  for (const [method, page] of [
    ['models.list', 1],
    ['models.list', 2],
    ['models.listVersions', 1],
    ['models.listVersions', 2],
  ] as const)
    test(`when page ${page} of ${method} is denied in one region, naming region and permission`, async (context) => {
      const list = REGIONS.flatMap((region) => models(3, region, 3));
      const { apis, registry } = await setup(context, list, { pageSize: 2 });
      apis.faults.add({ method, page, region: US, fault: { kind: 'denied' } });
      const error = await rejection(registry.artifactUris(LIMITS));
      assert.ok(error instanceof UpstreamError);
      assert.equal(error.permission, 'aiplatform.models.list');
      assert.match(
        error.message,
        new RegExp(
          `^Cannot finish Vertex AI ${method}.*project acme-ml, region us-central1, page ${page}\\): HTTP 403.*; missing permission: aiplatform.models.list$`,
        ),
      );
    });

  for (const method of ['models.list', 'models.listVersions'])
    test(`when ${method} is denied without a word of the permission, which is named all the same`, async (context) => {
      const { apis, registry } = await setup(context, models(1));
      apis.faults.add({ method, region: EUROPE, fault: { kind: 'status', status: 403, message: 'No.' } });
      assert.match(
        (await rejection(registry.artifactUris(LIMITS))).message,
        /region europe-west4, page 1\): HTTP 403: .*No\.; missing permission: aiplatform\.models\.list$/,
      );
    });

  test('when one single model of many cannot be read, naming it and asking no further', async (context) => {
    const { apis, registry } = await setup(context, models(30));
    const fault = { kind: 'status', status: 400 } as const;
    apis.faults.add({ method: 'models.listVersions', times: 1, fault });
    assert.match(
      (await rejection(registry.artifactUris(LIMITS))).message,
      /models\.listVersions of model-\d+ \(project acme-ml, region europe-west4, page 1\): HTTP 400/,
    );
    assert.ok(apis.requests().length < 30, `${apis.requests().length} requests`);
  });

  test('at the deadline when one region hangs, naming it', async (context) => {
    const list = REGIONS.flatMap((region) => models(2, region));
    const { apis, registry } = await setup(context, list);
    apis.faults.add({ region: US, fault: { kind: 'hang' } });
    const error = await rejection(registry.artifactUris({ limitMs: 1_000 }));
    assert.ok(error instanceof DeadlineExceeded);
    assert.match(error.message, /models\.list \(project acme-ml, region us-central1, page 1\): no answer/);
  });

  test('at one end for all that it asks', async (context) => {
    const { apis, registry } = await setup(context, models(1), { regions: [EUROPE] });
    apis.faults.add({ method: 'models.list', fault: { kind: 'latency', ms: 1_000 } });
    apis.faults.add({ method: 'models.listVersions', fault: { kind: 'hang' } });
    const error = await rejection(registry.artifactUris({ limitMs: 2_000 }));
    const [, leftMs] = /listVersions of model-0 .*: no answer within (\d+) ms$/.exec(error.message) ?? [];
    assert.ok(Number(leftMs) <= 1_010, error.message);
  });

  test('at once, and ends what it still waits for', async (context) => {
    const { apis, lines, registry } = await setup(context, []);
    apis.faults.add({ fault: { kind: 'hang' } });
    apis.faults.add({ region: US, fault: { kind: 'denied' } });
    await rejection(registry.artifactUris(LIMITS));
    const aborted = () => lines.filter(({ status }) => status === 'aborted').map(({ region }) => region);
    await until(() => aborted().length >= 2);
    assert.deepEqual(aborted(), [EUROPE, 'asia-east1']);
  });

  test('with the reason of the signal', async (context) => {
    const { apis, registry } = await setup(context, []);
    apis.faults.add({ fault: { kind: 'hang' } });
    const stop = new AbortController();
    const asking = rejection(registry.artifactUris({ ...LIMITS, signal: stop.signal }));
    stop.abort(new Error('the lease was lost'));
    assert.equal((await asking).message, 'the lease was lost');
  });

  for (const [what, method, change, message] of [
    [
      'a model has no name',
      'models.list',
      (model: object) => Reflect.deleteProperty(model, 'name'),
      /models\.list \(.*region europe-west4, page 1\): models\.0\.name: Missing/,
    ],
    [
      'a name is none',
      'models.list',
      (model: object) => Object.assign(model, { name: 'publishers/google/models/gemini' }),
      /models\.0\.name: .*expected projects\/P\/locations\/R\/models\/ID/,
    ],
    [
      'a version has no ID',
      'models.listVersions',
      (model: object) => Reflect.deleteProperty(model, 'versionId'),
      /models\.listVersions of model-0 \(.*region europe-west4, page 1\): models\.0\.versionId: Missing/,
    ],
    [
      'a URI is no text',
      'models.listVersions',
      (model: object) => Object.assign(model, { artifactUri: 7 }),
      /models\.0\.artifactUri: /,
    ],
  ] as const)
    test(`when ${what}`, async (context) => {
      const { apis, registry } = await setup(context, models(1));
      const changeFirst = (body: Record<string, unknown>) => void change((body.models as object[])[0] ?? {});
      apis.faults.add({ method, region: EUROPE, fault: { kind: 'changed', change: changeFirst } });
      assert.match((await rejection(registry.artifactUris(LIMITS))).message, message);
    });

  test('when a list comes in another form, which is not taken for an empty one', async (context) => {
    const { apis, registry } = await setup(context, models(1));
    const change = (body: Record<string, unknown>) => {
      body.items = body.models;
      delete body.models;
    };
    apis.faults.add({ method: 'models.list', region: EUROPE, fault: { kind: 'changed', change } });
    assert.match(
      (await rejection(registry.artifactUris(LIMITS))).message,
      /^Cannot read Vertex AI models\.list \(project acme-ml, region europe-west4, page 1\): items: /,
    );
  });

  test('when an answer is no JSON, however often it is asked for', async (context) => {
    const { apis, registry } = await setup(context, models(1));
    apis.faults.add({ method: 'models.listVersions', fault: { kind: 'malformed' } });
    const error = await rejection(registry.artifactUris(LIMITS));
    assert.match(error.message, /^Cannot read Vertex AI models\.listVersions of model-0 .*attempt 5/);
  });

  test('when nobody can be reached', async (context) => {
    const { apis, registry } = await setup(context, models(1));
    await apis.stop();
    assert.match(
      (await rejection(registry.artifactUris(LIMITS))).message,
      /models\.list \(project acme-ml, region [a-z0-9-]+, page 1, .*: the connection failed: connect ECONNREFUSED/,
    );
  });
});

describe('a model that is listed and not found', () => {
  test('has vanished, and is left out, when it is out of the list too', async (context) => {
    const list = models(3);
    const { apis, registry } = await setup(context, list);
    const change = () => void list.splice(1, 1);
    apis.faults.add({ method: 'models.list', region: EUROPE, times: 1, fault: { kind: 'changed', change } });
    const found = await registry.artifactUris(LIMITS);
    assert.deepEqual(
      found.map(({ uri }) => uri),
      [0, 2].map((index) => `gs://models/europe-west4/model-${index}/1`),
    );
    const again = apis.requests().filter(({ method }) => method === 'models.list');
    assert.deepEqual(again.map(({ region }) => region).sort(), ['asia-east1', EUROPE, EUROPE, US].sort());
  });

  test('may vanish between two pages of its versions', async (context) => {
    const list = models(2, EUROPE, 3);
    const { apis, registry } = await setup(context, list, { pageSize: 2, regions: [EUROPE] });
    const change = () => void list.splice(0, 2);
    const fault = { kind: 'changed', change } as const;
    apis.faults.add({ method: 'models.listVersions', page: 1, fault });
    assert.deepEqual(await registry.artifactUris(LIMITS), []);
  });

  test('refuses the whole call while the list still has it', async (context) => {
    const { apis, registry } = await setup(context, models(3));
    const fault = { kind: 'status', status: 404, message: 'No such method' } as const;
    apis.faults.add({ method: 'models.listVersions', times: 1, fault });
    assert.match(
      (await rejection(registry.artifactUris(LIMITS))).message,
      /models\.listVersions of model-\d \(.*region europe-west4, page 1\): HTTP 404: NOT_FOUND: No such method$/,
    );
  });

  test('refuses the whole call while the list has it, without a single version', async (context) => {
    const { registry } = await setup(context, [{ id: 'hollow', region: EUROPE, artifactUris: [] }]);
    assert.equal(
      (await rejection(registry.artifactUris(LIMITS))).message,
      'Cannot read Vertex AI models.listVersions of hollow (project acme-ml, region europe-west4): no version, expected at least one',
    );
  });

  test('refuses the whole call when the list cannot be read again', async (context) => {
    const list = models(1);
    const { apis, registry } = await setup(context, list, { regions: [EUROPE] });
    apis.faults.add({ method: 'models.list', fault: { kind: 'denied' } });
    const change = () => void list.splice(0);
    apis.faults.add({ method: 'models.list', times: 1, fault: { kind: 'changed', change } });
    assert.match((await rejection(registry.artifactUris(LIMITS))).message, /models\.list .*HTTP 403/);
  });
});

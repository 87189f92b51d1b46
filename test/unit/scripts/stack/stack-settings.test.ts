import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { readEnvironment } from '../../../../functions/shared/environment.ts';
import { loadSettings, type Settings } from '../../../../functions/shared/settings.ts';
import { withSample } from '../../../../scripts/stack/sample/settings.ts';
import { overStandIns } from '../../../../scripts/stack/stack-settings.ts';
import { freshFile } from '../../../support/folders.ts';

const BUILT_IN = loadSettings(readEnvironment({}));
const BASE_URLS = {
  monitoring: 'http://127.0.0.1:1/monitoring',
  bigquery: 'http://127.0.0.1:1/bigquery',
  run: 'http://127.0.0.1:1/run',
  sql: 'http://127.0.0.1:1/sql',
  storage: 'http://127.0.0.1:2',
};
const STAND_INS = {
  baseUrls: BASE_URLS,
  statusUrl: 'http://127.0.0.1:3/jobs/{id}',
  wandbUrl: 'http://127.0.0.1:4',
};
const NONE = { ...STAND_INS, baseUrls: {} };

/** Settings as a function reads them that is handed the file of a stack. */
function loaded(settings: Settings): Settings {
  const file = freshFile('settings.json', JSON.stringify(settings));
  return loadSettings(readEnvironment({ NIGHTSHIFT_SETTINGS: file }));
}

describe('the settings of a stack', () => {
  test('are the user’s own, but for the addresses and that jobs may be reported by anybody', () => {
    const { jobs } = BUILT_IN.sources;
    assert.ok(jobs);
    const reports = { create: true, from: {}, tokens: false };
    const here = { ...BUILT_IN, sources: { ...BUILT_IN.sources, jobs: { ...jobs, reports } } };
    assert.deepEqual(loaded(overStandIns(BUILT_IN, NONE)), here);
    assert.deepEqual(loaded(overStandIns(BUILT_IN, STAND_INS)), { ...here, baseUrls: BASE_URLS });
  });

  test('delete nothing unless somebody wants it', () => {
    assert.deepEqual(BUILT_IN.artifacts.buckets, []);
    assert.deepEqual(
      Object.values(BUILT_IN.sources).map(({ mode }) => mode),
      ['observe'],
    );
  });

  test('with the sample have ETL runs and every metric source, over the stand-ins', () => {
    const settings = overStandIns(withSample(BUILT_IN), STAND_INS);
    assert.deepEqual(loaded(settings), settings);
    assert.deepEqual(settings.baseUrls, BASE_URLS);
    const { collection, kind, fields } = settings.sources.etl ?? {};
    assert.deepEqual([collection, kind, fields?.gpus], ['etlRuns', 'etl', undefined]);
    const { storage, bigquery, cloudRun, database } = settings.metrics;
    assert.deepEqual(
      { storage, bigquery, cloudRun, database },
      { storage: {}, bigquery: {}, cloudRun: {}, database: { cloudSql: true } },
    );
  });

  test('with the sample delete artifacts in earnest, by a policy and fields of the sample’s own', () => {
    const { sources, artifacts } = withSample(BUILT_IN);
    const { mode, fields, backend, executions, ...others } = sources.jobs ?? assert.fail();
    const { mode: _, fields: own, ...unchanged } = BUILT_IN.sources.jobs ?? assert.fail();
    assert.equal(mode, 'enforce');
    assert.deepEqual(others, unchanged);
    assert.deepEqual(fields, {
      ...own,
      registeredModel: 'registeredModel',
      resumedFrom: 'resumedFrom',
      keepUntil: { path: 'keepUntil', type: 'timestamp' },
    });
    assert.deepEqual([backend?.kind, executions?.collection], ['vertex-ai', 'executions']);
    assert.deepEqual(artifacts.buckets, ['sample-artifacts', 'sample-exports']);
    assert.equal(artifacts.irreversible, false);
    assert.deepEqual(artifacts.guards, BUILT_IN.artifacts.guards);
  });

  test('with the sample take its jobs from the first of training jobs where none is called jobs', () => {
    const { jobs } = BUILT_IN.sources;
    const theirs = {
      ...BUILT_IN,
      sources: { runs: { ...(jobs ?? assert.fail()), kind: 'training' as const } },
    };
    assert.deepEqual(
      Object.entries(withSample(theirs).sources).map(([name, { mode }]) => [name, mode]),
      [
        ['runs', 'enforce'],
        ['etl', 'observe'],
      ],
    );
  });

  test('keep an address on this machine, and no other', () => {
    const own = {
      run: 'http://localhost:9/run',
      sql: 'https://sql.example.net',
      bigquery: 'https://127.0.0.1',
    };
    assert.deepEqual(overStandIns({ ...BUILT_IN, baseUrls: own }, STAND_INS).baseUrls, {
      ...BASE_URLS,
      run: own.run,
    });
    assert.deepEqual(overStandIns({ ...BUILT_IN, baseUrls: own }, NONE).baseUrls, { run: own.run });
  });

  test('ask no backend that is not on this machine, and of Google’s only about the stack’s own project', () => {
    const jobs = BUILT_IN.sources.jobs ?? assert.fail();
    const http = { kind: 'http', state: 'state', statuses: { done: 'completed' } } as const;
    const asked = (backend: NonNullable<typeof jobs.backend>) =>
      overStandIns({ ...BUILT_IN, sources: { jobs: { ...jobs, backend } } }, STAND_INS).sources.jobs?.backend;
    assert.deepEqual(asked({ kind: 'cloud-run', googleProject: 'research', region: 'us-east4' }), {
      kind: 'cloud-run',
      region: 'us-east4',
    });
    assert.deepEqual(asked({ ...http, url: 'https://jobs.example.net/{id}' }), {
      ...http,
      url: STAND_INS.statusUrl,
    });
    const here = { ...http, url: 'http://localhost:9/{id}' };
    assert.deepEqual(asked(here), here);
  });

  test('ask no W&B that is not on this machine', () => {
    const wandb = { entity: 'acme', projects: ['vision'], baseUrl: 'https://wandb.acme.example' };
    const asked = (baseUrl: string) => {
      const workloads = { ...BUILT_IN.workloads, wandb: { ...wandb, baseUrl } };
      return overStandIns({ ...BUILT_IN, workloads }, STAND_INS).workloads.wandb;
    };
    assert.deepEqual(asked(wandb.baseUrl), { ...wandb, baseUrl: STAND_INS.wandbUrl });
    assert.equal(asked('http://localhost:9')?.baseUrl, 'http://localhost:9');
  });

  test('keep all that their owner says of a metric source but the project, which no stand-in knows', () => {
    const metrics = {
      deadlineSeconds: 7,
      bigquery: { googleProject: 'warehouse', deadlineSeconds: 20 },
      cloudRun: { googleProject: 'web', regions: ['us-east4'] },
    };
    const wanted = { ...BUILT_IN, metrics };
    assert.deepEqual(overStandIns(wanted, STAND_INS).metrics, {
      deadlineSeconds: 7,
      bigquery: { deadlineSeconds: 20 },
      cloudRun: { regions: ['us-east4'] },
    });
    assert.equal(metrics.bigquery.googleProject, 'warehouse', 'their own stay as they are');

    const vertexModels = { regions: ['us-east4'], googleProject: 'research' };
    const artifacts = { ...BUILT_IN.artifacts, vertexModels };
    assert.deepEqual(overStandIns({ ...BUILT_IN, artifacts }, STAND_INS).artifacts.vertexModels, {
      regions: ['us-east4'],
    });
  });
});

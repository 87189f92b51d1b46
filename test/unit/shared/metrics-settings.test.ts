import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import builtIn from '../../../functions/settings.json' with { type: 'json' };
import { readEnvironment } from '../../../functions/shared/environment.ts';
import { loadSettings, type Settings } from '../../../functions/shared/settings.ts';
import { edited } from '../../support/edited.ts';
import { freshFolder } from '../../support/folders.ts';

const FILE = join(freshFolder(), 'settings.json');
const METRICS = {
  storage: {},
  bigquery: { googleProject: 'warehouse', deadlineSeconds: 5 },
  cloudRun: { regions: ['europe-west4', 'us-east5'] },
  database: { firestore: ['(default)', 'books'], cloudSql: true },
};

function load(settings: object): Settings {
  writeFileSync(FILE, JSON.stringify(settings));
  return loadSettings(readEnvironment({ NIGHTSHIFT_SETTINGS: FILE }));
}

describe('the metric sources in the settings', () => {
  test('are all optional', () =>
    assert.deepEqual(load(edited(builtIn, 'metrics', undefined)).metrics, { deadlineSeconds: 60 }));

  test('are taken as they are, with the defaults of what they leave out', () =>
    assert.deepEqual(load({ ...builtIn, metrics: METRICS }).metrics, { deadlineSeconds: 60, ...METRICS }));

  const REGION = 'expected a region such as europe-west4';
  for (const [path, value, line] of [
    [
      'metrics.storag',
      {},
      'metrics.storag: Unknown key "storag", did you mean "storage"?; expected one of deadlineSeconds, storage, bigquery, cloudRun, database',
    ],
    ['metrics.deadlineSeconds', -1, 'metrics.deadlineSeconds: Cannot use -1; expected more than 0'],
    ['metrics.deadlineSeconds', 0, 'metrics.deadlineSeconds: Cannot use 0; expected more than 0'],
    [
      'metrics.storage.deadlineSeconds',
      301,
      'metrics.storage.deadlineSeconds: Cannot use 301; expected at most 300',
    ],
    [
      'metrics.bigquery.deadlineSeconds',
      '5',
      'metrics.bigquery.deadlineSeconds: Cannot use "5"; expected a number',
    ],
    [
      'metrics.cloudRun.regions',
      ['mars-north1'],
      `metrics.cloudRun.regions.0: Cannot use "mars-north1"; ${REGION}`,
    ],
    ['metrics.cloudRun.regions', ['us'], `metrics.cloudRun.regions.0: Cannot use "us"; ${REGION}`],
    [
      'metrics.cloudRun.regions',
      ['us-central1', 'us-central1-a'],
      `metrics.cloudRun.regions.1: Cannot use "us-central1-a"; ${REGION}`,
    ],
    ['metrics.cloudRun.regions', [], 'metrics.cloudRun.regions: Cannot use []; expected at least 1'],
    [
      'metrics.database.firestore',
      ['a', 'b', 'a'],
      'metrics.database.firestore: An entry comes twice; expected each entry once',
    ],
    ['metrics.database.cloudSql', 'yes', 'metrics.database.cloudSql: Cannot use "yes"; expected a boolean'],
    [
      'metrics.storage.regions',
      [],
      'metrics.storage.regions: Unknown key "regions"; expected one of googleProject, deadlineSeconds',
    ],
    [
      'baseUrls',
      { monitoring: 'http://monitoring.example' },
      'baseUrls.monitoring: Cannot use "http://monitoring.example"; expected https://..., or http:// on this machine',
    ],
    [
      'baseUrls',
      { monitorin: 'https://monitoring.example' },
      'baseUrls.monitorin: Unknown key "monitorin", did you mean "monitoring"?; expected one of monitoring, bigquery, run, sql, aiplatform, storage, cloudbuild, logging, scheduler',
    ],
    ['sources.jobs.kind', 'elt', 'sources.jobs.kind: Cannot use "elt"; expected one of "training", "etl"'],
    [
      'sources.jobs',
      {
        ...builtIn.sources.jobs,
        kind: 'etl',
        fields: { ...builtIn.sources.jobs.fields, artifactBytes: undefined },
      },
      'sources.jobs.fields.gpus: ETL runs have no gpus; expected no such field, or kind training',
    ],
  ] as const)
    test(`with ${path} ${JSON.stringify(value).slice(0, 40)} are refused`, () => {
      const settings = edited({ ...builtIn, metrics: METRICS }, path, value);
      assert.throws(() => load(settings), {
        name: 'InvalidConfiguration',
        message: `Cannot use ${FILE}:\n  ${line}`,
      });
    });

  for (const url of [
    'https://proxy.example/monitoring',
    'http://127.0.0.1:8085/monitoring',
    'http://localhost:1',
  ])
    test(`may ask ${url} in place of Google`, () =>
      assert.equal(load({ ...builtIn, baseUrls: { run: url } }).baseUrls.run, url));
});

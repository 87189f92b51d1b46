import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { readEnvironment } from '../../functions/shared/environment.ts';
import { loadSettings, type Settings } from '../../functions/shared/settings.ts';
import { withSample } from '../../scripts/stack/sample-settings.ts';
import { asksGoogle, overStandIns } from '../../scripts/stack/stack-settings.ts';
import { freshFile } from '../support/folders.ts';

const BUILT_IN = loadSettings(readEnvironment({}));
const STAND_INS = {
  monitoring: 'http://127.0.0.1:1/monitoring',
  bigquery: 'http://127.0.0.1:1/bigquery',
  run: 'http://127.0.0.1:1/run',
  sql: 'http://127.0.0.1:1/sql',
  storage: 'http://127.0.0.1:2',
};

/** Settings as a function reads them that is handed the file of a stack. */
function loaded(settings: Settings): Settings {
  const file = freshFile('settings.json', JSON.stringify(settings));
  return loadSettings(readEnvironment({ NIGHTSHIFT_SETTINGS: file }));
}

describe('the settings of a stack', () => {
  test('ask none of Google’s APIs unless somebody wants it', () => {
    assert.equal(asksGoogle(BUILT_IN), false);
    assert.equal(asksGoogle({ ...BUILT_IN, metrics: { deadlineSeconds: 60, cloudRun: {} } }), true);
    assert.deepEqual(loaded(overStandIns(BUILT_IN, {})), BUILT_IN);
  });

  test('with the sample have ETL runs and every metric source, over the stand-ins', () => {
    const settings = overStandIns(withSample(BUILT_IN), STAND_INS);
    assert.deepEqual(loaded(settings), settings);
    assert.deepEqual(settings.baseUrls, STAND_INS);
    assert.deepEqual(settings.sources.jobs, BUILT_IN.sources.jobs);
    const { collection, kind, fields } = settings.sources.etl ?? {};
    assert.deepEqual([collection, kind, fields?.gpus], ['etlRuns', 'etl', undefined]);
    const { storage, bigquery, cloudRun, database } = settings.metrics;
    assert.deepEqual(
      { storage, bigquery, cloudRun, database },
      { storage: {}, bigquery: {}, cloudRun: {}, database: { cloudSql: true } },
    );
  });

  test('keep an address on this machine, and no other', () => {
    const own = {
      run: 'http://localhost:9/run',
      sql: 'https://sql.example.net',
      bigquery: 'https://127.0.0.1',
    };
    assert.deepEqual(overStandIns({ ...BUILT_IN, baseUrls: own }, STAND_INS).baseUrls, {
      ...STAND_INS,
      run: own.run,
    });
    assert.deepEqual(overStandIns({ ...BUILT_IN, baseUrls: own }, {}).baseUrls, { run: own.run });
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
  });
});

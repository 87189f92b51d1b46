import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { addDays, dayOf } from '../../functions/shared/dates.ts';
import { readEnvironment } from '../../functions/shared/environment.ts';
import { API_NAMES } from '../../functions/shared/model/google-apis.ts';
import { loadSettings } from '../../functions/shared/settings.ts';
import { ROOT } from '../../scripts/shared/places.ts';
import { up } from '../../scripts/stack/up.ts';
import { catalogOf } from '../support/entry.ts';
import { SHARED_EMULATOR } from '../support/firestore.ts';
import { freshFile } from '../support/folders.ts';

const TASK = 'collect-metrics';

interface Answer {
  outcome: string;
}

describe('a stack with settings of its user’s own', () => {
  const metrics = {
    storage: {},
    bigquery: { googleProject: 'somebody-elses' },
    cloudRun: { regions: ['us-east4'] },
    database: { cloudSql: true },
  };
  const settings = {
    ...JSON.parse(readFileSync(join(ROOT, 'functions/settings.json'), 'utf8')),
    metrics,
    baseUrls: { sql: 'https://sql.example.net' },
  };

  test('asks for what they say, of an empty platform, and nobody who is not on this machine', async (t) => {
    const env = {
      NIGHTSHIFT_SETTINGS: freshFile('settings.json', JSON.stringify(settings)),
      NIGHTSHIFT_CATALOG: catalogOf(TASK),
      ...SHARED_EMULATOR,
    };
    const stack = await up({ project: `own-${process.pid}`, env });
    t.after(() => stack.stop());
    const { baseUrls } = loadSettings(readEnvironment({ NIGHTSHIFT_SETTINGS: stack.settings }));
    assert.deepEqual(
      Object.fromEntries(Object.entries(baseUrls).map(([api, url]) => [api, new URL(url).hostname])),
      Object.fromEntries(API_NAMES.map((api) => [api, '127.0.0.1'])),
    );
    const date = addDays(dayOf(new Date()), -1);
    const response = await fetch(`${stack.gatewayUrl}/${TASK}`, {
      method: 'POST',
      body: JSON.stringify({ date }),
      headers: { 'content-type': 'application/json' },
    });
    const answer = (await response.json()) as Answer;
    assert.equal(answer.outcome, 'succeeded', JSON.stringify(answer));
    await stack.stop();
    assert.equal(existsSync(stack.settings), false);
  });
});

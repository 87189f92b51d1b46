import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { addDays, dayOf } from '../../functions/shared/dates.ts';
import { readEnvironment } from '../../functions/shared/environment.ts';
import { daySchema } from '../../functions/shared/model/day.ts';
import { API_NAMES, loadSettings } from '../../functions/shared/settings.ts';
import { openFirestore, plainOf } from '../../functions/shared/store/firestore.ts';
import { ROOT } from '../../scripts/stack/places.ts';
import { sampleEtlRuns } from '../../scripts/stack/sample-etl.ts';
import { sampleJobs } from '../../scripts/stack/sample-jobs.ts';
import { samplePlatform } from '../../scripts/stack/sample-platform.ts';
import { type Stack, up } from '../../scripts/stack/up.ts';
import { freshFile } from '../support/folders.ts';
import { countsOf, sectionsOf } from '../support/sample-sections.ts';

const TASK = 'collect-metrics';

interface Answer {
  outcome: string;
  summary: { daysCollected: number };
}

describe('a stack with the sample platform', () => {
  const project = `platform-${process.pid}`;
  const now = new Date();
  const yesterday = addDays(dayOf(now), -1);
  const platform = samplePlatform({ project, database: '(default)' }, now);
  let stack: Stack;
  before(async () => {
    stack = await up({ sample: true, project });
  });
  after(() => stack?.stop());

  test('collects 35 days, and yesterday is what each source’s own data come to', async (t) => {
    const response = await fetch(`${stack.gatewayUrl}/${TASK}`, { method: 'POST' });
    const answer = (await response.json()) as Answer;
    assert.deepEqual(
      [answer.outcome, answer.summary.daysCollected],
      ['succeeded', 35],
      JSON.stringify(answer),
    );

    const db = openFirestore(
      readEnvironment({ GOOGLE_CLOUD_PROJECT: project, FIRESTORE_EMULATOR_HOST: stack.emulatorHost }),
    );
    t.after(() => db.terminate());
    const read = async (path: string) => plainOf((await db.doc(path).get()).data());
    const day = daySchema.parse(await read(`dailyMetrics/${yesterday}`));
    const { jobs, etl, storage, bigquery, cloudRun, database } = day;
    const found = { jobs, etl, storage, bigquery, cloudRun, database };
    assert.deepEqual(
      Object.entries(day.sources).map(([name, { status, error }]) => [name, status, error]),
      Object.keys(found).map((name) => [name, 'ok', null]),
    );
    const expected = sectionsOf(platform, yesterday);
    // What Nightshift itself has at the root comes into being while it collects.
    const collections = database?.firestore.collections ?? 0;
    assert.ok(collections >= 2 && collections <= (await db.listCollections()).length, String(collections));
    expected.database.firestore.collections = collections;
    const trained = sampleJobs(now);
    assert.deepEqual(found, {
      jobs: countsOf(trained, yesterday),
      etl: countsOf(sampleEtlRuns(now), yesterday),
      ...expected,
    });
    for (const name of day.projects) {
      const own = trained.filter(
        (it) => it.project === name && it.endedAt && dayOf(it.endedAt) === yesterday,
      );
      const known = own.flatMap(({ artifactBytes }) => artifactBytes ?? []);
      const bytes = known.length > 0 ? known.reduce((sum, each) => sum + each, 0) : null;
      const row = await read(`dailyMetrics/${yesterday}/projects/${name}`);
      assert.equal((row as { artifactBytes: number | null }).artifactBytes, bytes, name);
    }
  });
});

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
    const env = { NIGHTSHIFT_SETTINGS: freshFile('settings.json', JSON.stringify(settings)) };
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

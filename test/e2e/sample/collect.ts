import assert from 'node:assert/strict';
import { test } from 'node:test';
import { addDays, addMs, DAY_MS, dayOf } from '../../../functions/shared/dates.ts';
import { daySchema } from '../../../functions/shared/model/day/day.ts';
import { plainOf } from '../../../functions/shared/store/firestore/firestore.ts';
import { sampleEtlRuns } from '../../../scripts/stack/sample/etl.ts';
import { sampleJobs } from '../../../scripts/stack/sample/jobs.ts';
import { schedulerHeaders } from '../../support/function-process.ts';
import { countsOf, sectionsOf } from '../../support/sample-sections.ts';
import type { SampleWorld } from './world.ts';

const TASK = 'collect-metrics';

/** collect-metrics on the sample world. */
export function collects(world: () => SampleWorld): void {
  test('35 days are collected, and yesterday is what each source’s own data come to', async () => {
    const { first, db, platform, now, batchJob } = world();
    const yesterday = addDays(dayOf(now), -1);
    const answer = first<{ daysCollected: number }>(TASK);
    assert.deepEqual(
      [answer.status, answer.outcome, answer.summary.daysCollected],
      [200, 'succeeded', 35],
      JSON.stringify(answer),
    );

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
      jobs: countsOf([...trained, batchJob], yesterday),
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

  test('a refused commit is told from a failed one: of ten deliveries of one slot, one does the work', async () => {
    const { run, now } = world();
    const today = new Date(`${dayOf(now)}T02:00:00Z`);
    const slot = today <= now ? today : addMs(today, -DAY_MS);
    const headers = schedulerHeaders(TASK, slot);
    const body = { date: addDays(dayOf(now), -1) };
    const answers = await Promise.all(Array.from({ length: 10 }, () => run(TASK, body, headers)));
    const outcomes = answers.map(({ outcome }) => outcome);
    assert.deepEqual(outcomes.sort(), [...Array(9).fill('duplicate'), 'succeeded']);
  });
}

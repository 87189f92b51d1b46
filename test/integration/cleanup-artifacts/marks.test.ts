import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import { createLog } from '../../../functions/shared/log.ts';
import type { Life } from '../../../functions/shared/model/artifact/artifact-life.ts';
import type { Journal } from '../../../functions/shared/model/cleanup/cleanup.ts';
import type { Job } from '../../../functions/shared/model/job/job.ts';
import { collections } from '../../../functions/shared/store/own/collections.ts';
import { journalStore } from '../../../functions/shared/store/own/journal.ts';
import { artifactJobStore } from '../../../functions/shared/store/sources/artifact-jobs.ts';
import { artifactRecord } from '../../support/cleaner.ts';
import { daysAgo, NOW } from '../../support/cleanup.ts';
import { freshFirestore } from '../../support/firestore.ts';
import { artifactSource } from '../../support/jobs.ts';

const SILENT = createLog({}, () => undefined);
const LIFE: Life = { uri: 'gs://runs/old/', endedAt: daysAgo(30) };

/** The store of one source, and its only job as a plan read it. */
async function storeOfOneJob(t: TestContext) {
  const { db } = freshFirestore(t, { useBigInt: true, ignoreUndefinedProperties: true });
  await db.doc('jobs/old').set(artifactRecord('old'));
  const store = artifactJobStore('jobs', artifactSource(), db, SILENT);
  const jobs: Job[] = [];
  await store.all({ tally: { documents: 0 } }, (job) => jobs.push(job));
  const [job] = jobs;
  assert.ok(job);
  return { db, store, job, added: async () => (await db.doc('jobs/old').get()).get('nightshift') };
}

const tombstoneOf = (runId: string) => ({ planId: 'plan', runId, at: NOW, life: LIFE });

describe('a tombstone', () => {
  test('is refused on a record that has not ended any more, and says why', async (t) => {
    const { db, store, job, added } = await storeOfOneJob(t);
    await db.doc('jobs/old').update({ status: 'running' });
    assert.equal(await store.writeTombstone(job, tombstoneOf('one')), 'its record says running now');
    assert.equal(await added(), undefined);
  });

  test('of another run is not completed: only the run whose mark it is books the deletion', async (t) => {
    const { store, job, added } = await storeOfOneJob(t);
    assert.equal(await store.writeTombstone(job, tombstoneOf('two')), undefined);
    assert.equal(await store.markDeleted(job, 'one', { at: NOW, life: LIFE }), false);
    assert.equal((await added()).deletedAt, undefined);
    assert.equal(await store.markDeleted(job, 'two', { at: NOW, life: LIFE }), true);
    assert.deepEqual((await added()).deletedAt.toDate(), NOW);
  });
});

describe('hasDeleted()', () => {
  const entry = (over: Partial<Journal>, result: 'deleted' | 'gone'): Journal => ({
    id: 'entry',
    runId: 'run',
    planId: 'plan',
    job: 'jobs:jobs/old',
    bucket: 'runs',
    life: LIFE,
    createdAt: NOW,
    doneAt: NOW,
    entries: [
      { name: 'old/a', generation: '1', size: 1, result, detail: null, live: true, restoredAs: null },
    ],
    ...over,
  });
  const cases: [what: string, entry: Journal, has: boolean][] = [
    ['that life', entry({}, 'deleted'), true],
    ['an unknown life, of an older release', entry({ life: null }, 'deleted'), true],
    ['a life of another end', entry({ life: { ...LIFE, endedAt: daysAgo(60) } }, 'deleted'), false],
    ['a life at another place', entry({ life: { ...LIFE, uri: 'gs://runs/new/' } }, 'deleted'), false],
    ['that life, of which nothing was deleted', entry({}, 'gone'), false],
    ['another job', entry({ job: 'jobs:jobs/other' }, 'deleted'), false],
  ];
  for (const [what, stored, has] of cases)
    test(`an entry of ${what} counts${has ? '' : ' not'}`, async (t) => {
      const { db } = freshFirestore(t, { ignoreUndefinedProperties: true });
      const store = journalStore(collections(db, ''), SILENT);
      const batch = db.batch();
      store.begin(batch, stored);
      await batch.commit();
      assert.equal(await store.hasDeleted('jobs:jobs/old', LIFE), has);
    });
});

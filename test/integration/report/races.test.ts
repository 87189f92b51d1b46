import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Timestamp } from '@google-cloud/firestore';
import { addMs, MINUTE_MS } from '../../../functions/shared/dates.ts';
import { firestoreAt, freshFirestore } from '../../support/firestore.ts';
import { AS_DEPLOYED, reportedSource, reporter } from '../../support/reporter.ts';
import { startProxy } from '../../support/tcp-proxy.ts';

const NOW = new Date('2026-11-28T12:00:00Z');
const ago = (minutes: number) => addMs(NOW, -minutes * MINUTE_MS);
const beat = (job: string, seq: number, over: object = {}) => ({
  job,
  execution: 'A',
  seq,
  at: ago(20 - seq).toISOString(),
  startedAt: ago(60).toISOString(),
  state: 'running',
  ...over,
});
const END = { state: 'completed', end: { state: 'completed', exitCode: 0 } };

describe('reports beside other writers', { concurrency: 4 }, () => {
  test('of one job by several instances at once end in one record, each counted', async (t) => {
    const { instance, job } = reporter(t);
    const posts = [instance(), instance(), instance()];
    const answers = await Promise.all(
      posts.flatMap((post, index) =>
        [1, 2, 3].map((n) => post({ reports: [beat('train-1', 3 * index + n)] })),
      ),
    );
    const results = answers.map(({ body }) => body.results[0]?.result);
    assert.deepEqual(
      results.filter((result) => result !== 'applied' && result !== 'duplicate' && result !== 'later'),
      [],
    );
    // What was told to come later does.
    await posts[0]?.({ reports: [beat('train-1', 9)] });
    assert.deepEqual((await job('train-1'))?.heartbeatAt, ago(11));
  });

  test('do not overwrite what the sweep wrote since they were read', async (t) => {
    const { db, send, job } = reporter(t);
    await send([beat('train-1', 1), beat('train-2', 1), beat('train-3', 1)]);
    const evidence = {
      verdict: 'lost',
      rule: 'silent',
      because: 'x',
      backend: null,
      askedAt: null,
      said: null,
    };
    await db.doc('jobs/train-2').update({
      status: 'failed',
      endedAt: ago(15),
      'nightshift.endInferred': true,
      'nightshift.evidence': {
        ...evidence,
        was: 'running',
        foundAt: ago(5),
        runId: 'r',
        by: null,
        fields: [],
      },
    });
    assert.deepEqual(await send([beat('train-1', 2), beat('train-2', 2), beat('train-3', 2)]), [
      'applied',
      'ended',
      'applied',
    ]);
    assert.equal((await job('train-2'))?.status, 'failed');
    assert.deepEqual((await job('train-3'))?.heartbeatAt, ago(18));
  });

  test('find a job that a person has opened again', async (t) => {
    const { db, send, job } = reporter(t);
    await send([beat('train-1', 1, END)]);
    assert.deepEqual(await send([beat('train-1', 2)]), ['ended']);
    await db.doc('jobs/train-1').update({ status: 'running', endedAt: null });
    assert.deepEqual(await send([beat('train-1', 3)]), ['applied']);
    assert.equal((await job('train-1'))?.status, 'running');
  });

  test('give way in the end to whoever writes all the time, and say so', async (t) => {
    const { db, post } = reporter(t);
    await db.doc('jobs/train-1').set({ status: 'running', startedAt: ago(60) });
    const commit = db.batch;
    // Whatever is committed meets a record that was written a moment before.
    Object.assign(db, {
      batch() {
        const batch = commit.call(db);
        const write = batch.commit.bind(batch);
        return Object.assign(batch, {
          async commit() {
            await db.doc('jobs/train-1').update({ touched: Timestamp.now() });
            return write();
          },
        });
      },
    });
    const { status, body } = await post({ reports: [beat('train-1', 1)] });
    assert.deepEqual([status, body.results[0]?.result], [200, 'later']);
  });

  test('reach records in another database, in its words and types, by a field with the id', async (t) => {
    const { db: elsewhere } = freshFirestore(t, AS_DEPLOYED);
    const iso = (path: string) => ({ path, type: 'iso' });
    const source = reportedSource({
      collection: 'jobs',
      addedField: 'zusatz.nachts',
      fields: {
        id: 'kennung',
        status: 'lage.wort',
        error: 'lage.grund',
        startedAt: iso('zeiten.beginn'),
        heartbeatAt: { path: 'puls', type: 'seconds' },
        endedAt: { path: 'ende', type: 'millis' },
      },
      statuses: { '1': 'running', '2': 'completed', '3': 'failed', '4': 'cancelled', '5': 'failed' },
      write: { failed: '5' },
    });
    const { db, send } = reporter(t, { elsewhere, source });
    await elsewhere.doc('jobs/first').set({ kennung: 7, lage: { wort: 1 }, other: 'stays' });
    assert.deepEqual(await send([beat('7', 1), beat('8', 1), beat('8', 2, { state: 'queued' })]), [
      'applied',
      'applied',
      'rejected',
    ]);
    const end = { state: 'failed', end: { state: 'failed', error: 'boom' } };
    assert.deepEqual(
      await send([
        beat('7', 3, {
          ...end,
          at: addMs(NOW, -86_400_000).toISOString(),
          startedAt: ago(3_000).toISOString(),
        }),
        beat('8', 3, end),
      ]),
      ['applied', 'applied'],
    );
    const { kennung, lage, zeiten, puls, ende, other, zusatz } =
      (await elsewhere.doc('jobs/first').get()).data() ?? {};
    assert.deepEqual(
      [Number(kennung), Number(lage.wort), lage.grund, zeiten.beginn, other],
      [7, 5, 'boom', ago(60).toISOString(), 'stays'],
    );
    assert.equal(Number(puls), ago(19).getTime() / 1_000);
    assert.equal(Number(ende), ago(24).getTime());
    assert.equal(zusatz.nachts.report.execution, 'A');
    const made = (await elsewhere.doc('jobs/8').get()).data();
    assert.deepEqual([made?.kennung, made?.lage], ['8', { wort: '5', grund: 'boom' }]);
    assert.equal((await db.collection('jobs').get()).size, 0);
  });

  test('are to come again while Firestore hangs, and nothing is half told', async (t) => {
    const { db, project } = freshFirestore(t, AS_DEPLOYED);
    const proxy = await startProxy(process.env.FIRESTORE_EMULATOR_HOST ?? '');
    t.after(() => proxy.stop());
    const behind = firestoreAt(t, proxy.host, project, AS_DEPLOYED);
    const far = reporter(t, { db: behind, callMs: 500 });
    const near = reporter(t, { db });
    await near.send([beat('train-1', 1)]);
    const reports = [beat('train-1', 2), beat('train-2', 1)];
    proxy.freeze();
    const answer = await far.post({ reports });
    assert.deepEqual([answer.status, answer.headers['Retry-After']], [503, '5']);
    assert.equal(answer.body.results, undefined);
    assert.deepEqual((await near.job('train-1'))?.heartbeatAt, ago(19));
    proxy.resume();
    // What was given up on comes to its end before its client does.
    await behind.doc('jobs/train-1').get();
    assert.deepEqual(await near.send(reports), ['applied', 'applied']);
  });
});

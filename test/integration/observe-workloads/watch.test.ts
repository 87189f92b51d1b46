import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { observeWorkloads } from '../../../functions/observe-workloads/task.ts';
import { SECOND_MS } from '../../../functions/shared/dates.ts';
import { watchedSchema } from '../../../functions/shared/model/workload/watched.ts';
import { answerInWords } from '../../../scripts/words/answer.ts';
import { customJob } from '../../support/observer.ts';
import { APART_MS, serveObserver } from '../../support/serve-observer.ts';
import { noon } from '../../support/workloads.ts';

describe('a refresh for a viewer', () => {
  test('is made without a run, without a health record, and is told', async (t) => {
    const { observer, runs, watch } = await serveObserver(t);
    observer.world.customJobs = [customJob('1')];
    const { status, body } = await watch();
    assert.equal(status, 200, JSON.stringify(body));
    assert.deepEqual(watchedSchema.parse(body), {
      did: 'refreshed',
      by: 'viewer',
      startedAt: noon().toISOString(),
      againAt: new Date(noon().getTime() + APART_MS).toISOString(),
    });
    assert.equal((await observer.stored('vertex')).rows.length, 1);
    for (const records of [runs.collections.taskRuns, runs.collections.tasks])
      assert.equal((await records.get()).size, 0);
  });

  test('is not made twice within 25 s, whoever asks', async (t) => {
    const { observer, runs, watch } = await serveObserver(t);
    await watch();
    observer.pass(APART_MS - 1);
    const again = await watch();
    assert.deepEqual([again.status, again.response.headers.get('retry-after')], [409, '1']);
    assert.deepEqual([again.body.did, again.body.by], ['too-soon', 'viewer']);
    const run = await runs.deliver(observeWorkloads(observer.tools()));
    assert.equal(run.outcome, 'succeeded');
    assert.match(answerInWords(run).join('\n'), /refreshed for a viewer at 2026-11-21 12:00:00Z/);
    assert.equal((await observer.record()).count, 1);
    observer.pass(1);
    assert.equal((await watch()).body.did, 'refreshed');
    assert.equal((await observer.record()).count, 2);
  });

  test('a viewer, the schedule and a second viewer at once make one', async (t) => {
    const { observer, post } = await serveObserver(t);
    const all = await Promise.all([post({ watch: true }), post({}), post({ watch: true })]);
    assert.equal((await observer.record()).count, 1);
    const outcomes = all.map(({ body }) => body.outcome ?? body.did);
    assert.equal(outcomes[1], 'succeeded');
    assert.equal(outcomes.filter((did) => did === 'refreshed').length <= 1, true, String(outcomes));
    const asked = observer.apis.requests().filter(({ method }) => method === 'customJobs.list');
    assert.equal(asked.length, 2);
  });

  test('waits for nobody: who comes while one is under way is told since when', async (t) => {
    const { observer, watch } = await serveObserver(t);
    await observer.tools().store.begin('schedule', observer.now(), 0);
    observer.pass(SECOND_MS);
    const { status, body, response } = await watch();
    assert.deepEqual([status, body.did, body.by], [409, 'under-way', 'schedule']);
    assert.deepEqual([body.startedAt, response.headers.get('retry-after')], [noon().toISOString(), '89']);
  });

  test('is asked for by that key alone', async (t) => {
    const { observer, post } = await serveObserver(t);
    for (const body of [{ watch: false }, { watch: 'yes' }, { watch: true, dryRun: true }]) {
      const answer = await post(body);
      assert.equal(answer.status, 400, JSON.stringify(answer.body));
    }
    assert.equal((await observer.collections.workloads.get()).size, 0);
  });

  test('that cannot be made says why', async (t) => {
    const { observer, watch } = await serveObserver(t);
    await observer.collections.workloads.doc('refresh').set({ count: 'many' });
    const { status, body } = await watch();
    assert.equal(status, 503);
    assert.match(body.problems[0].message, /workloads\/refresh/);
  });
});

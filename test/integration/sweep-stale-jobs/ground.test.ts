import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { beating, EXECUTIONS, MAPPING, type Sweeper, silentFor, sweeper } from '../../support/sweeper.ts';

/** A source that keeps the error, the end and the write time in maps. */
const NESTED = beating({
  fields: {
    ...MAPPING.fields,
    error: 'result.error',
    endedAt: { path: 'times.finished', type: 'timestamp' },
    updatedAt: { path: 'meta.times.written', type: 'timestamp' },
  },
});

type Fields = { path: string }[];

function evidenceOf(record: Record<string, unknown>): { fields: Fields } {
  return (record.nightshift as { evidence: { fields: Fields } }).evidence;
}

async function problemsOf(world: Sweeper): Promise<Record<string, string>> {
  const { problems } = await world.deliver();
  return Object.fromEntries(problems.map(({ path, message }) => [path, message]));
}

describe('what stands above a mapped field', { concurrency: 4 }, () => {
  test('stays where the error would be written, or the write time, and the job is ended without', async (t) => {
    const world = sweeper(t, { sources: { jobs: NESTED } });
    await world.settle();
    const theirs: Record<string, object> = {
      text: { result: 'gs://b/best.pt', meta: 7 },
      list: { result: [{ error: 'mine' }], meta: { times: 'often' } },
    };
    await world.stand({
      text: { ...silentFor(world, 60), ...theirs.text },
      list: { ...silentFor(world, 60), ...theirs.list },
    });
    assert.equal((await world.deliver()).summary.lost, 2);
    for (const [id, { result, meta }] of Object.entries(theirs) as [string, Record<string, unknown>][]) {
      const record = await world.job(id);
      assert.deepEqual([record.status, record.result, record.meta], ['failed', result, meta], id);
      assert.deepEqual(
        evidenceOf(record).fields.map(({ path }) => path),
        ['status', 'times.finished'],
      );
    }
  });

  test('stays where the end would be written, and the job and the field are named', async (t) => {
    const world = sweeper(t, { sources: { jobs: NESTED } });
    await world.settle();
    const times = [1, 2, 3];
    await world.stand({ odd: { ...silentFor(world, 60), times }, even: silentFor(world, 60) });
    const before = await world.job('odd');
    assert.deepEqual(await problemsOf(world), {
      'jobs:jobs/odd':
        'Cannot judge or end it: times.finished cannot be written: at times stands a list, which would be lost',
    });
    assert.deepEqual(await world.job('odd'), before);
    assert.equal((await world.job('even')).status, 'failed');
  });

  test('stays in the field that is ours, and below it', async (t) => {
    const world = sweeper(t);
    await world.settle();
    const theirs = {
      text: 'on call: ada',
      list: ['ada'],
      evidence: { evidence: 'seen by ada' },
      earlier: { earlier: 'ada' },
      none: null,
    };
    await world.stand(
      Object.fromEntries(
        Object.entries(theirs).map(([id, nightshift]) => [id, { ...silentFor(world, 60), nightshift }]),
      ),
    );
    const problems = await problemsOf(world);
    for (const [id, nightshift] of Object.entries(theirs)) {
      const record = await world.job(id);
      if (id === 'none') assert.equal(record.status, 'failed');
      else assert.deepEqual([record.status, record.nightshift], ['running', nightshift], id);
    }
    assert.equal(Object.keys(problems).length, 4);
    assert.match(
      problems['jobs:jobs/text'] ?? '',
      /: nightshift.evidence cannot be written: at nightshift stands "on call: ada"/,
    );
  });

  test('of our own field stays, too, where that is in a map of theirs', async (t) => {
    const world = sweeper(t, { sources: { jobs: beating({ addedField: 'tools.nightshift' }) } });
    await world.settle();
    await world.stand({ one: { ...silentFor(world, 60), tools: 'none' } });
    assert.match((await problemsOf(world))['jobs:jobs/one'] ?? '', /at tools stands "none"/);
    const { status, tools } = await world.job('one');
    assert.deepEqual([status, tools], ['running', 'none']);
  });

  test('stays in an execution, whether it was found or named by its job', async (t) => {
    const fields = { ...EXECUTIONS.fields, error: 'result.error' };
    const executions = { ...EXECUTIONS, fields };
    const world = sweeper(t, { sources: { jobs: beating({ executions }) } });
    await world.settle();
    const silent = { ...silentFor(world, 60) };
    await world.stand({ one: silent, two: silent });
    for (const id of ['one', 'two']) {
      const record = { status: 'running', startedAt: world.ago(30 * 60), result: 'gs://b/best.pt' };
      await world.stand({ run: record }, `jobs/${id}/executions`);
    }
    await world.deliver({ jobId: 'one' });
    await world.next();
    await world.next();
    for (const id of ['one', 'two']) {
      const { status, result } = await world.job(`jobs/${id}/executions/run`);
      assert.deepEqual([status, result], ['failed', 'gs://b/best.pt'], id);
    }
  });
});

describe('an undo', { concurrency: 4 }, () => {
  test('takes the maps away again that came with the fields, as they were', async (t) => {
    const world = sweeper(t, { sources: { jobs: NESTED } });
    await world.settle();
    const theirs: Record<string, object> = {
      nothing: {},
      none: { result: null, times: null, meta: { times: null } },
      some: { result: { best: 3 }, times: {}, meta: { times: { written: null } } },
    };
    await world.stand(
      Object.fromEntries(
        Object.entries(theirs).map(([id, more]) => [id, { ...silentFor(world, 60), ...more }]),
      ),
    );
    const before = await Promise.all(Object.keys(theirs).map((id) => world.job(id)));
    assert.equal((await world.deliver()).summary.lost, 3);
    for (const [index, id] of Object.keys(theirs).entries()) {
      const { result } = await world.job(id);
      assert.match((result as { error: string }).error, /./);
      await world.deliver({ jobId: id, undo: true });
      const { nightshift: _, ...after } = await world.job(id);
      assert.deepEqual(after, before[index], id);
    }
  });

  test('leaves what somebody put into such a map meanwhile', async (t) => {
    const world = sweeper(t, { sources: { jobs: NESTED } });
    await world.settle();
    await world.stand({ one: silentFor(world, 60) });
    await world.deliver();
    await world.db.doc('jobs/one').update({ 'result.best': 3 });
    assert.equal((await world.deliver({ jobId: 'one', undo: true })).outcome, 'succeeded');
    const { status, result, times } = await world.job('one');
    assert.deepEqual([status, result, times], ['running', { best: 3 }, undefined]);
  });
});

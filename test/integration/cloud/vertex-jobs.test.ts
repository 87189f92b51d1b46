import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import type { Truth } from '../../../functions/shared/model/job/backend.ts';
import type { CustomJob } from '../../../scripts/stack/stand-ins/google/world.ts';
import {
  ask,
  askOne,
  BEGAN,
  customJob,
  ENDED,
  googleBackend,
  REGION,
  statesOf,
} from '../../support/backends.ts';
import { PROJECT } from '../../support/google.ts';

const setup = async (context: TestContext, customJobs: CustomJob[], pageSize = 1_000) => {
  const made = await googleBackend(
    context,
    { kind: 'vertex-ai', region: REGION },
    { customJobs },
    { pageSize },
  );
  const methods = () => made.apis.requests().map(({ method }) => method);
  return { ...made, methods, lists: () => methods().filter((method) => method === 'customJobs.list').length };
};

const running = (count: number, over: Partial<CustomJob> = {}) =>
  Array.from({ length: count }, (_, index) =>
    customJob({ id: String(1_000 + index), state: 'JOB_STATE_RUNNING', endedAt: null, ...over }),
  );
const idsOf = (jobs: readonly CustomJob[]) => jobs.map(({ id }) => id);
const absent = (count: number) => Array.from({ length: count }, (_, index) => String(900_000 + index));

const STATES: [word: string, state: Truth['state'], ended: boolean][] = [
  ['JOB_STATE_QUEUED', 'queued', false],
  ['JOB_STATE_PENDING', 'queued', false],
  ['JOB_STATE_RUNNING', 'running', false],
  ['JOB_STATE_UPDATING', 'running', false],
  ['JOB_STATE_PAUSED', 'suspended', false],
  ['JOB_STATE_CANCELLING', 'running', false],
  ['JOB_STATE_SUCCEEDED', 'completed', true],
  ['JOB_STATE_PARTIALLY_SUCCEEDED', 'completed', true],
  ['JOB_STATE_FAILED', 'failed', true],
  ['JOB_STATE_EXPIRED', 'failed', true],
  ['JOB_STATE_CANCELLED', 'cancelled', true],
];

describe('a custom job of Vertex AI', () => {
  for (const [word, state, ended] of STATES)
    test(`that is ${word} is ${state}`, async (context) => {
      const error = 'The replica workerpool0-0 exited with a non-zero status of 1.';
      const { backend } = await setup(context, [customJob({ id: '7', state: word, error })]);
      const truth = await askOne(backend, '7');
      assert.equal(truth.state, state);
      // Vertex AI's times have microseconds.
      assert.deepEqual(truth.startedAt, BEGAN);
      assert.deepEqual(truth.endedAt, ended ? ENDED : null);
      assert.equal(truth.error, state === 'failed' ? error : null);
      assert.equal(truth.said, `Vertex AI says ${word}`);
    });

  for (const word of ['JOB_STATE_UNSPECIFIED', 'JOB_STATE_REINCARNATED', 'constructor'])
    test(`that is ${word} is nobody knows what`, async (context) => {
      const { backend } = await setup(context, [customJob({ id: '7', state: word })]);
      const { state, endedAt, said } = await askOne(backend, '7');
      assert.deepEqual([state, endedAt, said], ['unknown', null, `Vertex AI says ${word}`]);
    });

  test('is found by its full name where that is, and by its ID in the region of the settings', async (context) => {
    const jobs = [customJob({ id: '7' }), customJob({ id: '8', region: 'us-central1' })];
    const { apis, backend } = await setup(context, jobs);
    const name = `projects/${PROJECT}/locations/us-central1/customJobs/8`;
    const truths = await ask(backend, ['7', name]);
    assert.deepEqual(statesOf(truths), { completed: 2 });
    assert.deepEqual(
      apis
        .requests()
        .map(({ region }) => region)
        .sort(),
      [REGION, 'us-central1'],
    );
  });

  test('without a region anywhere cannot be asked after', async (context) => {
    const { apis, backend } = await googleBackend(context, { kind: 'vertex-ai' }, { customJobs: running(1) });
    assert.equal(
      (await askOne(backend, '1000')).said,
      'cannot read the id "1000": expected projects/P/locations/R/customJobs/ID',
    );
    assert.equal(apis.requests().length, 0);
  });

  test('is no other one, whatever comes back', async (context) => {
    const { apis, backend } = await setup(context, [customJob({ id: '7' })]);
    const change = (body: Record<string, unknown>) =>
      Object.assign(body, { name: 'projects/1/customJobs/8' });
    apis.faults.add({ fault: { kind: 'changed', change } });
    const { state, said } = await askOne(backend, '7');
    assert.equal(state, 'unknown');
    assert.match(said, /^Cannot read Vertex AI customJobs\.get of 7 .*name: Another job/);
  });
});

describe('many custom jobs of Vertex AI', () => {
  test('are asked after one by one up to twenty of a region, and listed from there on', async (context) => {
    const jobs = running(21);
    const { backend, methods } = await setup(context, jobs);
    assert.deepEqual(statesOf(await ask(backend, idsOf(jobs.slice(1)))), { running: 20 });
    assert.deepEqual([...new Set(methods())], ['customJobs.get']);
    assert.deepEqual(statesOf(await ask(backend, idsOf(jobs))), { running: 21 });
    assert.deepEqual(methods().slice(20), ['customJobs.list']);
  });

  test('are listed as well when they are asked after a few at a time', async (context) => {
    const { backend, methods } = await setup(context, running(30));
    const { signal } = new AbortController();
    const ids = idsOf(running(30));
    assert.deepEqual(statesOf(await ask(backend, ids.slice(0, 15), signal)), { running: 15 });
    assert.deepEqual(statesOf(await ask(backend, ids.slice(15), signal)), { running: 15 });
    assert.deepEqual(methods().slice(15), ['customJobs.list']);
    assert.deepEqual(statesOf(await ask(backend, ids.slice(0, 20))), { running: 20 });
    assert.equal(
      methods().filter((method) => method === 'customJobs.list').length,
      1,
      'another sweep counts anew',
    );
  });

  test('are told by the pages of a list, and of those that are not in it a few one by one', async (context) => {
    const jobs = running(970);
    const { apis, backend, lists } = await setup(context, jobs, 100);
    const truths = await ask(backend, [...idsOf(jobs), ...absent(30)]);
    assert.deepEqual(statesOf(truths), { running: 970, gone: 20, unknown: 10 });
    assert.deepEqual([lists(), apis.requests().length], [10, 30]);
    for (const [id, { state, said }] of truths) {
      if (state === 'unknown') assert.match(said, /^not in the list of europe-west4/);
      assert.equal(state === 'running', Number(id) < 900_000, id);
    }
  });

  test('are listed once in a sweep, and no further than to the last that is asked after', async (context) => {
    const jobs = running(500);
    const { backend, lists } = await setup(context, jobs, 100);
    const { signal } = new AbortController();
    assert.deepEqual(statesOf(await ask(backend, idsOf(jobs).slice(0, 90), signal)), { running: 90 });
    assert.equal(lists(), 1);
    assert.deepEqual(statesOf(await ask(backend, idsOf(jobs).slice(50, 150), signal)), { running: 100 });
    assert.equal(lists(), 2);
    assert.deepEqual(statesOf(await ask(backend, idsOf(jobs).slice(20, 150), signal)), { running: 130 });
    assert.equal(lists(), 2);
    await ask(backend, idsOf(jobs).slice(0, 90));
    assert.equal(lists(), 3);
  });

  test('are listed in each region by itself', async (context) => {
    const jobs = [...running(30), ...running(30, { region: 'us-central1' })];
    const { apis, backend } = await setup(context, jobs);
    apis.faults.add({ region: 'us-central1', fault: { kind: 'denied' } });
    const names = jobs.map(({ id, region }) => `projects/${PROJECT}/locations/${region}/customJobs/${id}`);
    assert.deepEqual(statesOf(await ask(backend, names)), { running: 30, unknown: 30 });
  });

  const BROKEN = [
    { kind: 'status', status: 503 },
    { kind: 'denied' },
    { kind: 'truncated' },
    { kind: 'malformed' },
    { kind: 'malformed', text: '{}' },
    { kind: 'malformed', text: '{"kind": "something else"}' },
  ] as const;
  for (const fault of BROKEN)
    test(`are not called gone when a page of their list is ${JSON.stringify(fault)}`, async (context) => {
      const jobs = running(300);
      const { apis, backend, methods } = await setup(context, jobs, 100);
      apis.faults.add({ method: 'customJobs.list', page: 2, fault });
      const truths = await ask(backend, [...idsOf(jobs), ...absent(30)]);
      const whole = 'text' in fault && fault.text === '{}';
      // An empty page is a page: what is not in it is asked after, and each answer stands for itself.
      assert.deepEqual(statesOf(truths), whole ? statesOf(truths) : { running: 100, unknown: 230 });
      for (const [id, { state }] of truths) if (Number(id) < 900_000) assert.notEqual(state, 'gone', id);
      assert.ok(whole || !methods().includes('customJobs.get'));
    });

  test('of which the list tells two badly are told but for those', async (context) => {
    const jobs = running(40);
    const { apis, backend } = await setup(context, jobs);
    const change = (body: Record<string, unknown>) => {
      const [first, second] = body.customJobs as Record<string, unknown>[];
      Object.assign(first ?? {}, { state: 5 });
      Object.assign(second ?? {}, { state: 'JOB_STATE_FAILED', endTime: 'late' });
    };
    apis.faults.add({ method: 'customJobs.list', fault: { kind: 'changed', change } });
    const truths = await ask(backend, idsOf(jobs));
    assert.deepEqual(statesOf(truths), { running: 38, unknown: 2 });
    const said = [...truths.values()].flatMap((truth) => (truth.state === 'unknown' ? truth.said : []));
    assert.match(said.join('\n'), /^Cannot read what the list of Vertex AI says: state: /m);
    assert.match(
      said.join('\n'),
      /^Vertex AI says JOB_STATE_FAILED; but nobody can read endTime: "late" is not /m,
    );
  });

  test('whose list does not end are unknown, but for those that it held', async (context) => {
    const jobs = running(60);
    const { apis, backend } = await setup(context, jobs, 20);
    const change = (body: Record<string, unknown>) => {
      if (body.nextPageToken) body.nextPageToken = Buffer.from('page-2-20').toString('base64url');
    };
    apis.faults.add({ method: 'customJobs.list', fault: { kind: 'changed', change } });
    const truths = await ask(backend, [...idsOf(jobs), '900000']);
    assert.deepEqual(statesOf(truths), { running: 40, unknown: 21 });
    assert.match(truths.get('900000')?.said ?? '', /^the list of europe-west4 does not end, page 2$/);
  });
});

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type Identify, identifyByToken } from '../../../functions/report/identity.ts';
import { addMs, DAY_MS, MINUTE_MS } from '../../../functions/shared/dates.ts';
import { mintJobToken } from '../../../functions/shared/job-tokens.ts';
import { KEY, reportedSource, reporter } from '../../support/reporter.ts';

/** What a malicious or broken reporter could try: each is refused, or harms nothing. */

const NOW = new Date('2026-11-28T12:00:00Z');
const ago = (minutes: number) => addMs(NOW, -minutes * MINUTE_MS);
const TRAINER = 'trainer@acme.iam.gserviceaccount.com';
const as =
  (by: string): Identify =>
  async () => ({ by });
const setup = (by: string, reports: object = {}) => ({
  isOpen: false,
  identify: as(by),
  source: reportedSource({
    reports: { create: true, from: { [TRAINER]: { projects: ['vision'], ids: ['train-*'] } }, ...reports },
  }),
});
const running = (job: string, over: object = {}) => ({
  job,
  execution: 'A',
  seq: 1,
  state: 'running',
  ...over,
});
const completed = (job: string, over: object = {}) =>
  running(job, { state: 'completed', end: { state: 'completed' }, ...over });

describe('a reporter cannot', { concurrency: 4 }, () => {
  test('report to a source whose settings do not name it, nor to one that there is not', async (t) => {
    const { db, post, job } = reporter(t, setup('stranger@acme.iam.gserviceaccount.com'));
    await db.doc('jobs/train-1').set({ status: 'running', project: 'vision' });
    const refused = await post({ reports: [completed('train-1')] });
    const nowhere = await post({ source: 'nowhere', reports: [completed('train-1')] });
    assert.deepEqual([refused.status, nowhere.status], [403, 403]);
    const words = ({ body }: typeof refused) => JSON.stringify(body.problems).replace('nowhere', 'jobs');
    assert.equal(words(refused), words(nowhere), 'nothing tells that there is such a source');
    assert.equal((await job('train-1'))?.status, 'running');
  });

  test("end another project's jobs, nor learn that there are any", async (t) => {
    const { db, post, job } = reporter(t, setup(TRAINER, { create: false }));
    await db.doc('jobs/train-1').set({ status: 'running', project: 'speech' });
    await db.doc('jobs/etl-1').set({ status: 'running', project: 'vision' });
    await db.doc('jobs/train-2').set({ status: 'running' });
    const names = ['train-1', 'etl-1', 'train-2', 'train-404'];
    const { body } = await post({ reports: names.map((name) => completed(name)) });
    assert.deepEqual(
      body.results.map(({ result }) => result),
      names.map(() => 'rejected'),
    );
    const told = new Set(body.results.map(({ problems = [] }) => problems[0]?.message));
    assert.equal(told.size, 1, 'the same words for what is not theirs and for what is not there');
    for (const name of names.slice(0, 3)) assert.equal((await job(name))?.status, 'running', name);
  });

  test('be somebody else by a header', async (t) => {
    const google = { verify: async () => null };
    const { db, post, job } = reporter(t, { ...setup(TRAINER), identify: identifyByToken('report', google) });
    await db.doc('jobs/train-1').set({ status: 'running', project: 'vision' });
    const { status } = await post(completed('train-1'), {
      'x-goog-authenticated-user-email': `accounts.google.com:${TRAINER}`,
    });
    assert.equal(status, 401);
    assert.equal((await job('train-1'))?.status, 'running');
  });

  test('report a job without its token where the source asks for one', async (t) => {
    const { db, post, job } = reporter(t, setup(TRAINER, { tokens: true }));
    await db.doc('jobs/train-1').set({ status: 'running', project: 'vision' });
    const token = (name: string, expires = addMs(NOW, DAY_MS), key = KEY) => ({
      'nightshift-job-token': mintJobToken({ source: 'jobs', job: name }, expires, key),
    });
    const statuses = [
      await post(completed('train-1')),
      await post(completed('train-1'), token('train-2')),
      await post(completed('train-1'), token('train-1', NOW)),
      await post(
        completed('train-1'),
        token('train-1', addMs(NOW, DAY_MS), 'another key of as many characters'),
      ),
      await post({ reports: [completed('train-1'), completed('train-2')] }, token('train-1')),
    ].map(({ status }) => status);
    assert.deepEqual(statuses, [403, 403, 403, 403, 403]);
    assert.equal((await job('train-1'))?.status, 'running');
    assert.equal((await post(completed('train-1'), token('train-1'))).status, 200);
    assert.equal((await job('train-1'))?.status, 'completed');
  });

  test('make an end old: clean-up counts from its receipt', async (t) => {
    const { db, send, job } = reporter(t);
    await db.doc('jobs/train-1').set({ status: 'running', createdAt: ago(120), startedAt: ago(119) });
    const old = { at: '2020-01-01T00:00:00Z', startedAt: '2019-12-31T00:00:00Z' };
    assert.deepEqual(await send([completed('train-1', old)]), ['applied']);
    const record = await job('train-1');
    const added = record?.nightshift as { report: { endReceivedAt: Date } };
    assert.deepEqual(added.report.endReceivedAt, NOW);
    assert.deepEqual(
      [record?.startedAt, record?.endedAt],
      [ago(119), ago(125)],
      'no earlier than the record is',
    );
  });

  test('end a job before its last beat, in the future, or for more hours than it is old', async (t) => {
    const { send, job } = reporter(t);
    await send([running('train-1', { at: ago(10).toISOString(), startedAt: ago(60).toISOString() })]);
    await send([completed('train-1', { seq: 2, at: ago(50).toISOString() })]);
    assert.deepEqual((await job('train-1'))?.endedAt, ago(15));
    await send([
      completed('train-2', { at: addMs(NOW, DAY_MS).toISOString(), startedAt: '2001-01-01T00:00:00Z' }),
    ]);
    const record = await job('train-2');
    assert.deepEqual(record?.endedAt, NOW);
    assert.deepEqual(record?.startedAt, addMs(NOW, -30 * DAY_MS));
  });

  test('fake life by a replay', async (t) => {
    const { clock, send, job } = reporter(t);
    const beat = running('train-1', { at: NOW.toISOString(), startedAt: ago(60).toISOString() });
    await send([beat]);
    clock.now = addMs(NOW, 60 * MINUTE_MS);
    assert.deepEqual(await send([beat, { ...beat, seq: 2 }]), ['duplicate', 'applied']);
    assert.deepEqual((await job('train-1'))?.heartbeatAt, NOW);
  });

  test('make records without end', async (t) => {
    const { db, post } = reporter(t, setup(TRAINER));
    await db.doc('reportChannels/jobs').set({
      source: 'jobs',
      lastAcceptedAt: NOW,
      created: { [`2026-11-28 ${TRAINER}`]: 998, '2026-11-27 other@acme.com': 7 },
    });
    const { body } = await post({ reports: [1, 2, 3].map((n) => running(`train-${n}`)) });
    assert.deepEqual(
      body.results.map(({ result }) => result),
      ['applied', 'applied', 'later'],
    );
    const channel = (await db.doc('reportChannels/jobs').get()).get('created') as Record<string, unknown>;
    assert.deepEqual(
      Object.entries(channel).map(([key, count]) => [key, Number(count)]),
      [[`2026-11-28 ${TRAINER}`, 1000]],
    );
    assert.equal((await db.doc('jobs/train-1').get()).get('project'), 'vision');
  });

  test('fill a record: what it may say has an end', async (t) => {
    const { db, send } = reporter(t);
    const long = 'x'.repeat(20_000);
    assert.deepEqual(await send([running('train-1', { host: long })]), ['rejected']);
    const end = { state: 'failed', error: `\u001b[2J${long}` };
    const told = {
      progress: { note: long },
      checkpoint: { uri: `gs://b/${'c'.repeat(990)}` },
      host: 'h'.repeat(300),
      end,
      state: 'failed',
    };
    assert.deepEqual(await send([running('train-1', told)]), ['applied']);
    const others = Array.from({ length: 40 }, (_, n) =>
      running('train-1', {
        execution: `${'e'.repeat(290)}${n}`,
        seq: n,
        ...told,
        state: 'cancelled',
        end: { state: 'cancelled' },
      }),
    );
    for (const one of others) await send([one]);
    const record = (await db.doc('jobs/train-1').get()).data();
    const bytes = JSON.stringify(record, (_, value) =>
      typeof value === 'bigint' ? Number(value) : value,
    ).length;
    assert.ok(bytes < 16_000, String(bytes));
    assert.doesNotMatch(String(record?.error), /\p{Cc}/u);
  });

  test('name a place that is not a job', async (t) => {
    const { send } = reporter(t);
    const names = ['a/b/c', '..', '__x__', 'jobs/a'];
    assert.deepEqual(
      await send(names.map((name) => running(name))),
      names.map(() => 'rejected'),
    );
    assert.deepEqual(await send([running('constructor', { execution: '../../x' })]), ['applied']);
  });

  test('send what nobody understands', async (t) => {
    const { post } = reporter(t);
    for (const body of [null, [], 7, {}, { reports: {} }, { reports: [] }, { v: 9, reports: [running('a')] }])
      assert.equal((await post(body)).status, 400, JSON.stringify(body));
    const many = Array.from({ length: 101 }, (_, n) => running(`job-${n}`));
    assert.equal((await post({ reports: many })).status, 400);
  });
});

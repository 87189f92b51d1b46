import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { MINUTE_MS } from '../../../functions/shared/dates.ts';
import { alarmId } from '../../../functions/shared/model/run/alarm.ts';
import type { Outcome } from '../../../functions/shared/model/run/outcomes.ts';
import { newRun, type Run, scheduledRunId, type Trigger } from '../../../functions/shared/model/run/run.ts';
import { ENDPOINTS } from '../../../functions/status/api/endpoints.ts';
import { envelopeOf } from '../../../functions/status/api/envelope.ts';
import { freshFirestore, writeDocuments } from '../../support/firestore.ts';
import { at } from '../../support/health.ts';
import { indexesUsed } from '../../support/indexes.ts';
import { statusService } from '../../support/status.ts';
import { beating } from '../../support/sweeper.ts';

const SOURCES = { jobs: beating() };
const TASK = 'sweep-stale-jobs';
const TOKEN = 's3cr3t-of-the-lease';
const cursor = (...parts: string[]) => Buffer.from(JSON.stringify(parts)).toString('base64url');
const NOW = at(0).toISOString();

/** The run that began `minutes` after the slot. */
function runOf(minutes: number, outcome: Outcome, trigger: Trigger = 'scheduled'): Run {
  const startedAt = at(minutes * 60);
  const error =
    outcome === 'failed' ? { name: 'Error', message: 'no quota\nmore', stack: 'Error: no quota' } : null;
  const attempt = { attempt: 1, token: TOKEN, startedAt, endedAt: at(minutes * 60 + 5), outcome, error };
  const runId = trigger === 'scheduled' ? scheduledRunId(TASK, startedAt) : `${TASK}@manual-${minutes}`;
  const named = { runId, task: TASK, trigger, slot: startedAt, whole: true, dryRun: false, body: {} };
  return { ...newRun(named, attempt), endedAt: attempt.endedAt, durationMs: 5_000, expireAt: null };
}

async function serviceWithRuns(t: Parameters<typeof statusService>[0], runs: readonly Run[]) {
  const service = statusService(t, { begin: at(86_400), sources: SOURCES });
  await writeDocuments(
    service.db,
    'taskRuns',
    runs.map((run) => [run.runId, run] as const),
  );
  return service;
}

/** The items of all pages, and how many pages these were. */
async function pagesOf(service: ReturnType<typeof statusService>, url: string) {
  const items: Record<string, string>[] = [];
  let pages = 0;
  for (let after: string | null = ''; after !== null; pages += 1) {
    const answer = await service.json(after === '' ? url : `${url}&after=${after}`);
    items.push(...answer.data);
    after = answer.page.after;
  }
  return { items, pages };
}

describe('the runs of a task', () => {
  const RUNS = Array.from({ length: 23 }, (_, index) =>
    runOf(index * 10, index % 5 === 0 ? 'failed' : 'succeeded', index % 4 === 0 ? 'manual' : 'scheduled'),
  );
  const NEWEST_FIRST = RUNS.map(({ runId }) => runId).toReversed();

  test('come by pages, the newest first, each run once', async (t) => {
    const service = await serviceWithRuns(t, RUNS);
    const url = `/api/tasks/${TASK}/runs?limit=5`;
    const { items, pages } = await pagesOf(service, url);
    assert.deepEqual(
      items.map(({ runId }) => runId),
      NEWEST_FIRST,
    );
    assert.equal(pages, 5);
    envelopeOf(ENDPOINTS.runs.data).parse(await service.json(url));
    assert.equal(await service.reads(() => service.json(`/api/tasks/${TASK}/runs?limit=6`)), 7);
    assert.deepEqual(
      await service.json(`/api/scheduler/tasks/${TASK}/runs/?limit=5`),
      await service.json(url),
    );
  });

  test('are filtered by outcome, trigger and start', async (t) => {
    const service = await serviceWithRuns(t, RUNS);
    const idsOf = async (query: string) =>
      (await pagesOf(service, `/api/tasks/${TASK}/runs?limit=3&${query}`)).items.map(({ runId }) => runId);
    const wanted = (of: (run: Run) => boolean) =>
      RUNS.filter(of)
        .map(({ runId }) => runId)
        .toReversed();
    assert.deepEqual(
      await idsOf('outcome=failed'),
      wanted(({ outcome }) => outcome === 'failed'),
    );
    assert.deepEqual(
      await idsOf('trigger=manual'),
      wanted(({ trigger }) => trigger === 'manual'),
    );
    const since = at(6_000);
    assert.deepEqual(
      await idsOf(`since=${since.toISOString()}`),
      wanted(({ startedAt }) => startedAt >= since),
    );
  });

  test('come to an end only behind the last, also where some cannot be read or are of another trigger', async (t) => {
    const service = await serviceWithRuns(t, RUNS);
    const { taskRuns, alarms } = service.collections;
    // A full page of them, the newest of all, and one in the midst of the others.
    for (const minutes of [300, 301, 302, 303, 115])
      await taskRuns.doc(`broken-${minutes}`).set({ task: TASK, startedAt: at(minutes * 60) });
    for (const query of ['', '&trigger=scheduled']) {
      const { items } = await pagesOf(service, `/api/tasks/${TASK}/runs?limit=3${query}`);
      const wanted = RUNS.filter(({ trigger }) => query === '' || trigger === 'scheduled');
      assert.deepEqual(
        items.map(({ runId }) => runId),
        wanted.map(({ runId }) => runId).toReversed(),
      );
    }
    for (const second of [1, 2, 3, 4]) await alarms.doc(`broken-${second}`).set({ closedAt: at(second) });
    const alarm = { subject: 'jobs', kind: 'overdue', brokenAt: at(0), message: 'long' } as const;
    const closed = { id: 'last', openedAt: at(0), closedAt: at(0), closedBecause: null, runId: null };
    await alarms.doc('last').set({ ...alarm, ...closed });
    const { items } = await pagesOf(service, '/api/alarms?state=closed&limit=1');
    assert.deepEqual(
      items.map(({ id }) => id),
      ['last'],
    );
  });

  test('need no index but those that Terraform declares', async (t) => {
    const { db, project } = freshFirestore(t);
    const service = statusService(t, { begin: at(86_400), sources: SOURCES, db });
    for (const query of [
      '',
      '&outcome=failed',
      `&since=${at(0).toISOString()}`,
      '&outcome=lost&trigger=manual',
    ])
      await service.json(`/api/tasks/${TASK}/runs?limit=2${query}`);
    for (const path of ['/api/status', '/api/alarms?state=closed', '/api/days', '/api/jobs'])
      await service.json(path);
    const used = await indexesUsed(process.env.FIRESTORE_EMULATOR_HOST ?? '', project);
    assert.deepEqual(used.map(({ collection, fields }) => `${collection}: ${fields.join(', ')}`).toSorted(), [
      'taskRuns: outcome ASCENDING, task ASCENDING, startedAt DESCENDING',
      'taskRuns: task ASCENDING, startedAt DESCENDING',
    ]);
  });

  test('one is shown whole, with its stack and without the token of its lease', async (t) => {
    const failed = runOf(0, 'failed');
    const service = await serviceWithRuns(t, [failed]);
    const answer = await service.ask(`/api/runs/${encodeURIComponent(failed.runId)}`);
    const { data } = envelopeOf(ENDPOINTS.run.data).parse(JSON.parse(String(answer.body)));
    assert.deepEqual([data.error, data.failure?.stack], ['no quota', 'Error: no quota']);
    assert.ok(!String(answer.body).includes(TOKEN));
  });

  for (const [what, url, status] of [
    ['another task', '/api/tasks/none/runs', 404],
    ['a run that is not', '/api/runs/none', 404],
    ['a name that no record can have', '/api/runs/__x__', 404],
    ['a path for a name', `/api/runs/${encodeURIComponent('a/b')}`, 404],
    ['an outcome that is not', `/api/tasks/${TASK}/runs?outcome=well`, 400],
    ['a limit of 0', `/api/tasks/${TASK}/runs?limit=0`, 400],
    ['a limit beyond all', `/api/tasks/${TASK}/runs?limit=1000`, 400],
    ['a cursor that is none', `/api/tasks/${TASK}/runs?after=WyJhIl0`, 400],
    [
      'a cursor with a name that no record can have',
      `/api/tasks/${TASK}/runs?after=${cursor(NOW, '__x__')}`,
      400,
    ],
    [
      'a cursor of a year beyond all',
      `/api/alarms?state=closed&after=${cursor('+010000-01-01T00:00:00.000Z', 'x')}`,
      400,
    ],
    ['a cursor of another collection', `/api/jobs?after=${cursor('jobs', 'others/x')}`, 400],
    ['a cursor of no record', `/api/jobs?after=${cursor('jobs', 'jobs/..')}`, 400],
    ['a year before all', `/api/tasks/${TASK}/runs?since=0000-01-01T00:00:00Z`, 400],
    ['a day before all', '/api/days?to=0000-01-01', 400],
    ['two limits', `/api/tasks/${TASK}/runs?limit=1&limit=2`, 400],
    ['a name that is not known', `/api/tasks/${TASK}/runs?offset=10`, 400],
  ] as const)
    test(`${what} is refused by ${status}, saying why`, async (t) => {
      const service = await serviceWithRuns(t, []);
      const asked = await service.ask(url).then(
        (answer) => ({ status: answer.status, problems: JSON.parse(String(answer.body)).problems }),
        ({ name, problems }) => ({ status: name === 'InvalidRequest' ? 400 : 500, problems }),
      );
      assert.equal(asked.status, status);
      assert.ok(asked.problems[0].message.length > 0);
    });
});

describe('closed alarms', () => {
  test('come by pages, those closed last first; the open ones apart', async (t) => {
    const service = await serviceWithRuns(t, []);
    const ids: string[] = [];
    for (let index = 0; index < 7; index += 1) {
      const alarm = { subject: 'jobs', kind: 'overdue', brokenAt: at(index), message: 'long' } as const;
      const id = alarmId(alarm);
      const closedAt = index === 6 ? null : at(3_600 + Math.floor(index / 2));
      const closed = { id, openedAt: at(index), closedAt, closedBecause: null, runId: null };
      await service.collections.alarms.doc(id).set({ ...alarm, ...closed });
      if (closedAt) ids.push(id);
    }
    const { items } = await pagesOf(service, '/api/alarms?state=closed&limit=2');
    assert.deepEqual(items.map(({ id }) => id).toSorted(), ids.toSorted());
    const closedAts = items.map(({ closedAt = '' }) => closedAt);
    assert.deepEqual(closedAts, closedAts.toSorted().toReversed());
    const { data } = envelopeOf(ENDPOINTS.alarms.data).parse(await service.json('/api/alarms'));
    assert.deepEqual(
      data.map(({ closedAt }) => closedAt),
      [null],
    );
  });
});

describe('/api/days', () => {
  test('has each of the last 30 whole days; one without figures is missing, which is not zero', async (t) => {
    const service = await serviceWithRuns(t, []);
    const answer = envelopeOf(ENDPOINTS.days.data).parse(await service.json('/api/days'));
    assert.deepEqual(
      [answer.data.length, answer.data[0]?.date, answer.data.at(-1)?.date],
      [30, '2026-02-03', '2026-03-04'],
    );
    assert.deepEqual([answer.data[0]?.status, answer.data[0]?.jobs], ['missing', null]);
    service.clock.pass(4 * MINUTE_MS);
    // What was not collected meanwhile is not read again for five minutes; the tasks and alarms are.
    assert.equal(await service.reads(() => service.json('/api/days')), 3);
  });

  test('refuses a range that is too long or ends before it begins', async (t) => {
    const service = await serviceWithRuns(t, []);
    for (const query of ['from=2020-01-01&to=2026-01-01', 'from=2026-01-02&to=2026-01-01', 'from=yesterday'])
      await assert.rejects(service.ask(`/api/days?${query}`), { name: 'InvalidRequest' });
  });
});

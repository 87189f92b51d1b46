import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { MINUTE_MS, SECOND_MS } from '../../../functions/shared/dates.ts';
import { ENDPOINTS } from '../../../functions/status/api/endpoints.ts';
import { envelopeOf } from '../../../functions/status/api/envelope.ts';
import type { JobAnswer } from '../../../functions/status/api/job-schemas.ts';
import { startStatusEndpoint } from '../../../scripts/stack/stand-ins/status-endpoint.ts';
import { httpSettings } from '../../support/backends.ts';
import { statusService } from '../../support/status.ts';
import { beating, EXECUTIONS, MAPPING, silentSource, sweeper } from '../../support/sweeper.ts';

type Context = Parameters<typeof statusService>[0];

/** A source whose jobs an HTTP endpoint knows, the sweep over it, and the status service beside it. */
async function platform(t: Context, jobs: ReadonlyMap<string, object>, over: Record<string, unknown> = {}) {
  const endpoint = await startStatusEndpoint(jobs);
  t.after(() => endpoint.stop());
  const backend = httpSettings(endpoint.url, { header: undefined });
  const sources = { jobs: beating({ backend, ...over }), etl: silentSource({ collection: 'etl' }) };
  const world = sweeper(t, { sources });
  const service = statusService(t, { begin: world.now(), sources, db: world.db });
  const rows = async (query = ''): Promise<JobAnswer[]> =>
    envelopeOf(ENDPOINTS.jobs.data).parse(await service.json(`/api/jobs${query}`)).data;
  return { endpoint, world, service, rows };
}

const phase = (name: string, ...times: (Date | null)[]) => ({ status: { phase: name }, times });

describe('a job in /api/jobs', () => {
  test('shows its record beside what its backend says, and never merges the two', async (t) => {
    const said = new Map<string, object>();
    const { world, rows } = await platform(t, said);
    const { ago } = world;
    said.set('live', phase('busy', ago(60)));
    said.set('over', phase('stopped', ago(60), ago(14)));
    await world.write({
      'job-live': { status: 'running', backendId: 'live', startedAt: ago(60), heartbeatAt: ago(1) },
      'job-over': { status: 'running', backendId: 'over', startedAt: ago(60), heartbeatAt: ago(15) },
      'job-done': { status: 'completed', backendId: 'over', startedAt: ago(60), endedAt: ago(15) },
    });
    const [live, over, ...others] = await rows();
    assert.deepEqual(others, []);
    assert.deepEqual([live?.shown, live?.agrees, live?.verdict.kind], ['running', true, 'keep']);
    assert.equal(over?.record.state, 'running');
    assert.equal(over?.backend.state, 'cancelled');
    assert.deepEqual([over?.shown, over?.agrees, over?.verdict.kind], ['cancelled', false, 'finish']);
    assert.match(over?.because ?? '', /^the record says running; 127\.0\.0\.1:\d+ says "stopped", since /);
    assert.deepEqual(
      (await rows('?stale=true')).map(({ id }) => id),
      ['job-over'],
    );
  });

  test('has the verdict that a sweep at the same instant gives, whatever the record', async (t) => {
    const said = new Map<string, object>();
    const { world, rows } = await platform(t, said, {
      executions: EXECUTIONS,
      statuses: { ...MAPPING.statuses, suspended: 'suspended' },
    });
    const { ago } = world;
    const phases = ['busy', 'done', 'broken', 'stopped', 'odd', null];
    const beats = [1, 20, -30, null];
    const records: Record<string, object> = {};
    for (const [p, name] of phases.entries())
      for (const [b, beat] of beats.entries())
        for (const status of ['running', 'queued', 'suspended']) {
          const id = `${status}-${p}-${b}`;
          if (name) said.set(id, phase(name, ago(600), name === 'busy' ? null : ago(10 * b)));
          records[id] = {
            status,
            backendId: b === 3 ? null : id,
            createdAt: ago(700),
            startedAt: p === 3 ? 'soon' : ago(600),
            heartbeatAt: beat === null ? null : ago(beat),
          };
        }
    await world.write(records);
    await world.write({ one: { status: 'running', startedAt: ago(600) } }, 'jobs/running-5-1/executions');
    const shown = new Map<string, JobAnswer>();
    for (const state of ['running', 'queued', 'suspended'])
      for (const row of await rows(`?state=${state}&limit=50`)) shown.set(row.id, row);
    assert.equal(shown.size, Object.keys(records).length);
    const swept = await world.deliver({ dryRun: true });
    const verdicts = swept.summary.verdicts.filter(({ execution }) => execution === null);
    assert.ok(verdicts.length > 40, String(verdicts.length));
    for (const { job, verdict, rule } of verdicts) {
      const row = shown.get(job.split('/').at(-1) ?? '');
      assert.deepEqual(row && [row.verdict.kind, row.verdict.rule], [verdict, rule], job);
    }
    const judged = new Set(verdicts.map(({ job }) => job.split('/').at(-1)));
    // What no sweep asks about shows life, and no answer of a backend ends it at once.
    for (const [id, { verdict, record }] of shown)
      if (!judged.has(id) && record.state === 'running')
        assert.ok(['keep', 'unknown'].includes(verdict.kind), `${id}: ${verdict.because}`);
  });

  test('is unknown, but there, when its backend hangs; the answer that comes late is shown next', async (t) => {
    const said = new Map<string, object>();
    const { endpoint, world, service, rows } = await platform(t, said);
    said.set('slow', phase('busy', world.ago(60)));
    await world.write({
      slow: { status: 'running', backendId: 'slow', startedAt: world.ago(60), heartbeatAt: world.ago(1) },
    });
    endpoint.faults.add({ fault: { kind: 'latency', ms: 3_000 }, times: 1 });
    const [row] = await rows();
    assert.deepEqual([row?.backend.state, row?.backend.said], ['unknown', 'no answer in 2 s']);
    await setTimeout(1_500);
    service.clock.pass(4 * SECOND_MS);
    const [later] = await rows();
    assert.deepEqual([later?.backend.state, endpoint.requests().length], ['running', 1]);
  });

  test('is judged by what the last sweep remembers, as soon as that has ended', async (t) => {
    const { world, service, rows } = await platform(t, new Map());
    await world.write({
      gone: { status: 'running', backendId: 'gone', startedAt: world.ago(60), heartbeatAt: world.ago(30) },
    });
    await world.knowBackend();
    assert.equal((await rows())[0]?.verdict.rule, 'gone-once');
    // So much later that the record was written before, by either clock.
    world.pass(1);
    service.clock.pass(MINUTE_MS);
    await world.deliver({});
    const lastFinishedAt = world.now();
    await service.collections.tasks
      .doc('sweep-stale-jobs')
      .update({ lastFinishedAt, updatedAt: lastFinishedAt });
    service.clock.pass(15 * SECOND_MS);
    assert.equal((await rows())[0]?.verdict.rule, 'gone');
  });

  test('is asked for once in 15 s, however many look', async (t) => {
    const said = new Map<string, object>();
    const { endpoint, world, service, rows } = await platform(t, said);
    said.set('live', phase('busy', world.ago(60)));
    await world.write({
      live: { status: 'running', backendId: 'live', startedAt: world.ago(60), heartbeatAt: world.ago(1) },
    });
    const look = () => Promise.all(Array.from({ length: 20 }, () => rows()));
    const cold = await service.reads(look);
    assert.ok(cold <= 8, `${cold} reads`);
    assert.equal(endpoint.requests().length, 1);
    service.clock.pass(14 * SECOND_MS);
    assert.equal(await service.reads(look), 0);
    service.clock.pass(MINUTE_MS);
    await look();
    assert.equal(endpoint.requests().length, 2);
  });

  test('is as old as its record was read, however lately its backend was asked', async (t) => {
    const said = new Map<string, object>();
    const { world, service, endpoint } = await platform(t, said);
    said.set('x', phase('busy', world.ago(60)));
    const ids = Array.from({ length: 10 }, (_, index) => `job-${index}`);
    const record = { status: 'running', backendId: 'x', startedAt: world.ago(60), heartbeatAt: world.ago(1) };
    await world.write(Object.fromEntries(ids.map((id) => [id, record])));
    const { asOf } = await service.ask('/api/jobs');
    const asked = endpoint.requests().length;
    service.clock.pass(16 * SECOND_MS);
    assert.deepEqual((await service.ask('/api/jobs')).asOf, asOf);
    assert.ok(endpoint.requests().length > asked);
    service.clock.pass(16 * SECOND_MS);
    assert.deepEqual((await service.ask('/api/jobs')).asOf, service.clock.now());
  });

  test('comes by pages over all sources, each job once', async (t) => {
    const { world, service } = await platform(t, new Map());
    const record = (index: number) => ({ status: 'running', startedAt: world.ago(index + 1), project: 'p' });
    const some = (count: number) =>
      Object.fromEntries(Array.from({ length: count }, (_, index) => [`j${index}`, record(index)]));
    await world.write(some(7));
    await world.write(some(5), 'etl');
    const seen: string[] = [];
    for (let after: string | null = ''; after !== null; ) {
      const { data, page } = await service.json(`/api/jobs?limit=3${after && `&after=${after}`}`);
      seen.push(...data.map(({ path }: JobAnswer) => path));
      assert.ok(data.length <= 3);
      after = page.after;
    }
    assert.equal(new Set(seen).size, 12);
    assert.equal(seen.length, 12);
    assert.deepEqual((await service.json('/api/jobs?source=etl')).data.length, 5);
    assert.deepEqual((await service.json('/api/jobs?state=suspended')).data, []);
    await assert.rejects(service.ask('/api/jobs?source=none'), { name: 'InvalidRequest' });
    await assert.rejects(service.ask('/api/jobs?after=WyJub25lIiwieCJd'), { name: 'InvalidRequest' });
  });

  test('that has ended is shown by its id, too; one that is not is a 404', async (t) => {
    const { world, service } = await platform(t, new Map());
    await world.write({
      old: { status: 'failed', startedAt: world.ago(60), endedAt: world.ago(15), error: 'no quota' },
    });
    const answer = envelopeOf(ENDPOINTS.job.data).parse(await service.json('/api/jobs/jobs/old'));
    assert.deepEqual(
      [answer.data.shown, answer.data.agrees, answer.data.record.error],
      ['failed', true, 'no quota'],
    );
    assert.equal((await service.ask('/api/jobs/jobs/none')).status, 404);
    assert.equal((await service.ask('/api/jobs/none/old')).status, 404);
  });
});

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, type TestContext, test } from 'node:test';
import { observer as observerAt } from '../../../functions/shared/cloud/observer.ts';
import { TABLE_NAMES } from '../../../functions/shared/model/workload/tables.ts';
import { REFRESH } from '../../../functions/status/api/endpoints.ts';
import { envelopeOf } from '../../../functions/status/api/envelope.ts';
import type { WorkloadsAnswer } from '../../../functions/status/api/workload-schemas.ts';
import type { RefreshedBy } from '../../../functions/status/read/refreshing.ts';
import { recordedLog } from '../../support/google.ts';
import { customJob } from '../../support/observer.ts';
import { APART_MS, serveObserver } from '../../support/serve-observer.ts';
import { type StatusSetup, statusService } from '../../support/status.ts';
import { noon } from '../../support/workloads.ts';

const { log } = recordedLog();

/** An instance of the service whose tables are refreshed by `by`. */
function instance(t: TestContext, by: RefreshedBy, more: Partial<StatusSetup> = {}) {
  const service = statusService(t, {
    begin: noon(),
    ...more,
    change: (tools) => ({
      ...tools,
      workloads: { ...tools.workloads, tables: TABLE_NAMES, refreshedBy: by },
    }),
  });
  const refresh = async () => {
    const { status, body, headers } = await service.ask(REFRESH.path, {}, 'POST');
    return { status, headers, body: JSON.parse(String(body)) };
  };
  return { service, refresh };
}

/** Answers every POST in this way; tells what came. */
async function answering(t: TestContext, status: number, text: string) {
  const asked: { authorization: string | undefined; body: string }[] = [];
  const server = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += chunk;
    asked.push({ authorization: request.headers.authorization, body });
    response.writeHead(status).end(text);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, asked };
}

describe('a refresh that the service passes on', () => {
  test('is waited for, and what it found is there to be read at once', async (t) => {
    const { observer, url } = await serveObserver(t);
    observer.world.customJobs = [customJob('1')];
    const { service, refresh } = instance(t, { observer: observerAt(url, { log }) }, { db: observer.db });
    const shown = async () => {
      const { tables }: WorkloadsAnswer = (await service.json('/api/workloads')).data;
      return tables.find(({ table }) => table === 'vertex')?.rows.map(({ id }) => id);
    };
    assert.deepEqual(await shown(), []);
    const { status, body } = await refresh();
    assert.equal(status, 200);
    assert.equal(envelopeOf(REFRESH.data).parse(body).data.did, 'refreshed');
    assert.deepEqual(await shown(), ['1']);
  });

  test('many viewers at three instances, and the schedule, make one', async (t) => {
    const { observer, url, post } = await serveObserver(t);
    const instances = [1, 2, 3].map(() =>
      instance(t, { observer: observerAt(url, { log }) }, { db: observer.db }),
    );
    const viewers = instances.flatMap(({ refresh }) => [refresh(), refresh(), refresh(), refresh()]);
    const [run, ...all] = await Promise.all([post({}), ...viewers]);
    assert.equal(run.body.outcome, 'succeeded');
    assert.deepEqual(new Set(all.map(({ status }) => status)), new Set([200]));
    assert.equal((await observer.record()).count, 1);
    assert.equal(observer.apis.requests().filter(({ method }) => method === 'customJobs.list').length, 2);
  });

  test('is not asked for again before another one can be made', async (t) => {
    const told = { did: 'refreshed', by: 'viewer', startedAt: noon().toISOString() };
    const againAt = new Date(noon().getTime() + APART_MS).toISOString();
    const { url, asked } = await answering(t, 200, JSON.stringify({ ...told, againAt }));
    const { service, refresh } = instance(t, { observer: observerAt(url, { log }) });
    assert.equal((await refresh()).body.data.did, 'refreshed');
    service.clock.pass(APART_MS - 1);
    assert.equal((await refresh()).body.data.did, 'too-soon');
    assert.equal(asked.length, 1);
    service.clock.pass(1);
    await refresh();
    assert.deepEqual(
      asked.map(({ body }) => body),
      ['{"watch":true}', '{"watch":true}'],
    );
  });

  for (const [what, status, text, words] of [
    ['refuses it', 403, '<html>', /HTTP 403, roles\/run\.invoker on it is missing/],
    ['is not there', 404, '<html>', /HTTP 404, it is not there/],
    ['has no instance free', 429, 'Rate exceeded.', /HTTP 429, all its instances are at work/],
    ['fails', 503, '{"problems":[{"message":"no answer of Firestore"}]}', /503, no answer of Firestore/],
    ['answers something else', 200, '<html>', /HTTP 200 with an answer of another form/],
  ] as const)
    test(`from a function that ${what} costs nothing but the refresh, and says why`, async (t) => {
      const { url } = await answering(t, status, text);
      const { service, refresh } = instance(t, { observer: observerAt(url, { log }) });
      const { status: answered, body, headers } = await refresh();
      assert.deepEqual([answered, headers?.['Retry-After']], [503, '30']);
      assert.match(body.problems[0].message, words);
      assert.equal((await service.ask('/api/workloads')).status, 200);
    });

  test('from a function that is gone says so', async (t) => {
    const { refresh } = instance(t, { observer: observerAt('http://127.0.0.1:9/', { log }) });
    assert.match((await refresh()).body.problems[0].message, /fetch failed|bad port|ECONNREFUSED/);
  });

  test('by nobody says why, and not to come back', async (t) => {
    const { status, body, headers } = await instance(t, { nobody: 'it is not enabled' }).refresh();
    assert.deepEqual([status, headers?.['Retry-After']], [503, undefined]);
    assert.match(body.problems[0].message, /^Not refreshed for viewers: it is not enabled$/);
  });

  test('takes no question', async (t) => {
    const { service } = instance(t, { nobody: '' });
    await assert.rejects(service.ask(`${REFRESH.path}?force=1`, {}, 'POST'), /force: Unknown key/);
  });

  test('brings an ID token, and is sent to no address that others could listen to', async (t) => {
    const { url, asked } = await answering(t, 403, '');
    const authorize = async () => new Headers({ authorization: 'Bearer an-id-token' });
    const { refresh } = instance(t, { observer: observerAt(url, { log, authorize }) });
    await refresh();
    assert.equal(asked[0]?.authorization, 'Bearer an-id-token');
    assert.throws(() => observerAt('http://observer.example/', { log }), /has to be https/);
  });
});

import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import type { TestContext } from 'node:test';
import { http } from '@google-cloud/functions-framework';
import { getTestServer } from '@google-cloud/functions-framework/testing';
import { observeWorkloads } from '../../functions/observe-workloads/task.ts';
import { watching } from '../../functions/observe-workloads/watch.ts';
import { SECOND_MS } from '../../functions/shared/dates.ts';
import { serve } from '../../functions/shared/http/serve.ts';
import { freshObserver } from './observer.ts';
import { taskRuns } from './task-runs.ts';

/** Refreshes are so far apart at least. */
export const APART_MS = 25 * SECOND_MS;

let served = 0;

/** observe-workloads under the real Functions Framework, over the tables of an observer. */
export async function serveObserver(t: TestContext) {
  const observer = await freshObserver(t, { limits: { apartMs: APART_MS } });
  const runs = taskRuns('observe-workloads', { db: observer.db, now: observer.now });
  const tools = observer.tools();
  served += 1;
  const name = `observer${served}`;
  http(name, serve(observeWorkloads(tools), runs.options, watching(tools, observer.now)));
  const server = getTestServer(name);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  const post = async (body: object) => {
    const response = await fetch(url, { method: 'POST', body: JSON.stringify(body) });
    return { response, status: response.status, body: await response.json() };
  };
  return { observer, runs, url, post, watch: () => post({ watch: true }) };
}

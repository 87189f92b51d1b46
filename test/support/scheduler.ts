import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import type { TestContext } from 'node:test';
import { CloudSchedulerClient } from '@google-cloud/scheduler';
import { PassThroughClient } from 'google-auth-library';
import { stackClock } from '../../scripts/stack/stand-ins/clock.ts';
import type { Attempt } from '../../scripts/stack/stand-ins/scheduler/live-job.ts';
import { type Scheduler, startScheduler } from '../../scripts/stack/stand-ins/scheduler/server.ts';
import { PROJECT } from './google.ts';

export const LOCATION = 'us-central1';
export const PARENT = `projects/${PROJECT}/locations/${LOCATION}`;
/** When the clock of a test stands still. */
export const NOON = new Date('2026-03-10T12:00:00Z');

/** Cloud Scheduler on a clock that moves only by jumps, and what it told of its attempts. */
export async function setupScheduler(context: TestContext) {
  const clock = stackClock(() => undefined, { now: () => NOON, monotonicMs: () => 0 });
  const scheduler = await startScheduler({ project: PROJECT, location: LOCATION, clock });
  context.after(() => scheduler.stop());
  scheduler.fireSlots();
  const attempts: Attempt[] = [];
  scheduler.watch((attempt) => void attempts.push(attempt));
  /** Jumps to what is due next and waits until it is over. */
  const next = async () => {
    const at = scheduler.nextAt();
    if (!at) throw new Error('Cannot go on: nothing is due');
    clock.jumpTo(at);
    await scheduler.settled();
    return at.toISOString();
  };
  return { clock, scheduler, attempts, next, ...callsTo(scheduler) };
}

/** Plain REST calls, with enums as names. */
export function callsTo({ baseUrl }: Scheduler) {
  return {
    async call(method: string, path: string, body?: object) {
      const answer = await fetch(`${baseUrl}/v1/${path}`, {
        method,
        ...(body && { body: JSON.stringify(body) }),
      });
      // biome-ignore lint/suspicious/noExplicitAny: whatever the API answers is looked at field by field
      return { status: answer.status, body: (await answer.json()) as any };
    },
  };
}

/** Google's own client. */
export function clientOf({ baseUrl }: Scheduler): CloudSchedulerClient {
  const { hostname, port } = new URL(baseUrl);
  return new CloudSchedulerClient({
    fallback: true,
    apiEndpoint: hostname,
    port: Number(port),
    protocol: 'http',
    authClient: new PassThroughClient(),
  });
}

interface Received {
  method: string;
  path: string;
  headers: IncomingHttpHeaders;
  body: string;
}

/** A target that answers with one status after the other, the last one for ever; `hold` it and it does not answer yet. */
export async function target(context: TestContext, ...statuses: number[]) {
  const received: Received[] = [];
  let gate = Promise.resolve();
  let open = () => {};
  const server = createServer(async (req, res) => {
    received.push({
      method: req.method ?? '',
      path: req.url ?? '',
      headers: req.headers,
      body: await text(req),
    });
    await gate;
    res.writeHead((statuses.length > 1 ? statuses.shift() : statuses[0]) ?? 200).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  context.after(() => {
    open();
    server.closeAllConnections();
    server.close();
  });
  return {
    uri: `http://127.0.0.1:${(server.address() as AddressInfo).port}/duty`,
    received,
    hold() {
      ({ promise: gate, resolve: open } = Promise.withResolvers<void>());
    },
    release: () => open(),
  };
}

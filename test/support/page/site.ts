import { setTimeout as sleep } from 'node:timers/promises';
import { preferred } from '../../../functions/shared/http/encoding.ts';
import type { ServiceRequest } from '../../../functions/shared/http/service.ts';
import { refusal, type ServiceAnswer } from '../../../functions/shared/http/service-answer.ts';
import { REFRESH } from '../../../functions/status/api/endpoints.ts';
import { type Asset, pageAssets } from '../../../functions/status/page/assets.ts';
import type { Envelope } from '../../../functions/status/page/client/live/feed.ts';
import { recordedLog } from '../google.ts';
import { serveHere } from '../serve-service.ts';
import { ensurePage } from './built.ts';
import type { World } from './fixtures.ts';

/** What goes wrong with the answers to addresses that begin with a path. */
export interface Fault {
  path: string;
  status?: number;
  delayMs?: number;
  /** The body instead of the right one. */
  body?: string;
}

/** The page as a browser gets it, with answers that a test chooses. */
export interface Site {
  url: string;
  /** What it answers from now on. */
  world: World;
  /** The service's clock. */
  clock(): Date;
  faults: Fault[];
  /** What was asked below `/api/`, in order. */
  asked: string[];
  stop(): Promise<void>;
}

const PAGE_LIMIT = 25;

/** Serves the built page, and the world, as the real service would: under its policy, with its headers. */
export async function openSite(world: World, clock = () => new Date()): Promise<Site> {
  await ensurePage();
  const assets = pageAssets();
  const site = { url: '', world, clock, faults: [] as Fault[], asked: [] as string[] };
  const handler = async (request: ServiceRequest): Promise<ServiceAnswer> => {
    const asset = assets.get(request.path);
    if (asset) return assetAnswer(asset, request);
    site.asked.push(request.path);
    const fault = site.faults.find(({ path }) => request.path.startsWith(path));
    if (fault?.delayMs) await sleep(fault.delayMs, undefined, { signal: request.signal });
    if (fault?.status) return refusal(fault.status, [{ path: '', message: 'Firestore does not answer' }]);
    const data = dataOf(site.world, request);
    if (data === undefined) return refusal(404, [{ path: '', message: `No ${request.path}` }]);
    const body = fault?.body ?? JSON.stringify(data);
    return {
      status: 200,
      contentType: 'application/json',
      body,
      asOf: new Date(site.clock().getTime() - 3_000),
    };
  };
  const now = () => site.clock();
  const served = await serveHere(handler, {
    log: recordedLog().log,
    clock: { now, monotonicMs: () => performance.now() },
    limitMs: 20_000,
    posts: [REFRESH.path],
  });
  return Object.assign(site, { url: `${served.url}/`, stop: served.stop });
}

function assetAnswer(
  { contentType, cacheControl, body, encodings }: Asset,
  { headers }: ServiceRequest,
): ServiceAnswer {
  const encoding = preferred(String(headers['accept-encoding']));
  if (!encoding) return { status: 200, contentType, cacheControl, body };
  return {
    status: 200,
    contentType,
    cacheControl,
    body: encodings[encoding],
    headers: { 'content-encoding': encoding },
  };
}

function dataOf(world: World, { path, query }: ServiceRequest): Envelope<unknown> | undefined {
  const whole = (data: unknown): Envelope<unknown> => ({
    data,
    page: { after: null, limit: null },
    problems: [],
  });
  if (path === '/api/status') return whole(world.status);
  if (path === '/api/days') return whole(world.days);
  if (path === '/api/workloads') return whole(world.workloads);
  if (path === REFRESH.path) return whole({ did: 'refreshed' });
  if (path === '/api/jobs') {
    const source = query.get('source');
    const jobs = world.jobs.filter(
      (job) => (!query.has('stale') || !job.agrees) && (source === null || job.source === source),
    );
    return pageOf(jobs, query, Number(query.get('limit')));
  }
  if (path.startsWith('/api/jobs/')) {
    const id = decodeURIComponent(path.split('/').at(-1) ?? '');
    return whole(world.jobs.find((job) => job.id === id));
  }
  if (path.startsWith('/api/runs/'))
    return whole({ ...world.run, runId: decodeURIComponent(path.slice(10)) });
  if (!path.startsWith('/api/tasks/')) return undefined;
  const runs = world.runs.filter(({ outcome }) => !query.get('outcome') || outcome === query.get('outcome'));
  return pageOf(runs, query, PAGE_LIMIT);
}

function pageOf(list: readonly unknown[], query: URLSearchParams, limit: number): Envelope<unknown> {
  const from = Number(query.get('after') ?? 0);
  const after = from + limit < list.length ? String(from + limit) : null;
  return { data: list.slice(from, from + limit), page: { after, limit }, problems: [] };
}

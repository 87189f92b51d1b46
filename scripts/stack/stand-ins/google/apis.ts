import type { IncomingMessage, ServerResponse } from 'node:http';
import { answer, json } from './answer.ts';
import { jobsList } from './bigquery.ts';
import { buildsGet, buildsList } from './cloud-build.ts';
import { customJobsGet, customJobsList } from './custom-jobs.ts';
import { executionsGet, executionsList } from './executions.ts';
import { type Faults, faultRegistry } from './fault-book.ts';
import { type Asked, applies, type FaultRule } from './faults.ts';
import { partialBody } from './fields.ts';
import { entriesList } from './logging.ts';
import { type ListMethod, type Method, SERVED_APIS, type ServedApi } from './method.ts';
import { timeSeriesList } from './monitoring.ts';
import { cutPage, pageAsked } from './pages.ts';
import { invalid, problemOf } from './problem.ts';
import { servicesList } from './run.ts';
import { startServer } from './server.ts';
import { instancesList } from './sql.ts';
import { modelsList, modelVersionsList } from './vertex-models.ts';
import type { PlatformWorld } from './world.ts';

/** A stack may run for days. */
const REQUESTS_KEPT = 10_000;
const METHODS: readonly Method[] = [
  timeSeriesList,
  jobsList,
  servicesList,
  instancesList,
  modelsList,
  modelVersionsList,
  customJobsGet,
  customJobsList,
  executionsGet,
  executionsList,
  buildsGet,
  buildsList,
  entriesList,
];
/** Google's own client of this one, which is asked through, knows an address only without a path. */
const WITHOUT_PATH: ServedApi = 'logging';
const LONGEST_BODY = 100_000;

export interface GoogleApisOptions {
  /** The most that one page holds, whatever is asked for: points of Monitoring, items of the others. */
  pageSize?: number;
  /** 0, the default, for a free one. */
  port?: number;
}

/** A request that came, and whether it brought credentials. */
export interface SeenRequest extends Asked {
  at: Date;
  authorization: string | null;
}

/** The running stand-ins. */
export interface GoogleApis {
  /** In place of `https://monitoring.googleapis.com` and so on. */
  baseUrls: Record<ServedApi, string>;
  faults: Faults<FaultRule>;
  /** The requests so far that some method knows, oldest first; at most the last 10,000. */
  requests(): SeenRequest[];
  stop(): Promise<void>;
}

/**
 * Stands in for the Google APIs that Nightshift asks and for which Google ships no emulator, on 127.0.0.1: real paths,
 * parameters, pages and refusals, over a world that is read anew at each request, so that it may change meanwhile.
 */
export async function startGoogleApis(
  world: PlatformWorld,
  { pageSize = Number.POSITIVE_INFINITY, port = 0 }: GoogleApisOptions = {},
): Promise<GoogleApis> {
  const faults = faultRegistry(applies);
  const seen: SeenRequest[] = [];
  const stopping = new AbortController();

  async function serve(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const url = new URL(req.url ?? '', 'http://stand-in');
    const { method, region, resource, ...parts } = methodOf(req.method, url.pathname);
    const query = url.searchParams;
    if (method.verb === 'POST')
      for (const [name, value] of Object.entries(await bodyOf(req))) query.append(name, String(value));
    const listed = 'list' in method ? method : undefined;
    const project = parts.project ?? listed?.projectOf?.(query) ?? '';
    const page = pageAsked(listed ? query.get(listed.tokenParameter) : null);
    const asked: Asked = {
      api: method.api,
      method: method.name,
      region: region ?? null,
      page: page.number,
      query,
    };
    seen.push({ ...asked, at: new Date(), authorization: req.headers.authorization ?? null });
    if (seen.length > REQUESTS_KEPT) seen.shift();
    const reply = () => {
      // Whether it exists is none of a stranger's business.
      if (project !== world.project) throw method.denied(project, method.permission);
      const body = 'list' in method ? pageOf(method) : method.get(world, region, resource);
      return json(partialBody(body, query.get('fields')));
    };
    const pageOf = ({ list, sizeParameter }: ListMethod) => {
      const listing = list(world, query, region, resource);
      const size = Math.min(pageSize, sizeAsked(query.get(sizeParameter)) ?? listing.defaultSize);
      const { items, next } = cutPage(listing.items, page, size);
      return listing.body(items, next);
    };
    const denied = (permission = method.permission) => method.denied(project, permission);
    await answer(res, faults.take(asked), { reply, denied, problem: problemOf }, stopping.signal);
  }

  const { origin, stop } = await startServer(port, serve);
  return {
    baseUrls: Object.fromEntries(
      SERVED_APIS.map((api) => [api, api === WITHOUT_PATH ? origin : `${origin}/${api}`]),
    ) as Record<ServedApi, string>,
    faults: { add: faults.add, clear: faults.clear },
    requests: () => [...seen],
    async stop() {
      stopping.abort();
      await stop();
    },
  };
}

/** The method that a path names below the name of its API. */
function methodOf(
  verb: string | undefined,
  path: string,
): { method: Method; project?: string; region?: string; resource?: string } {
  const [, api, rest = ''] = /^\/([a-z]+)(\/.*)$/.exec(path) ?? [];
  for (const method of METHODS) {
    if (verb !== (method.verb ?? 'GET')) continue;
    const below = method.api === WITHOUT_PATH ? path : method.api === api ? rest : '';
    const found = method.path.exec(below);
    if (found) return { method, ...found.groups };
  }
  throw problemOf(404, `The requested URL ${verb} ${path} was not found on this server.`);
}

/** The JSON object that was posted. */
async function bodyOf(req: IncomingMessage): Promise<object> {
  let text = '';
  for await (const chunk of req.setEncoding('utf8')) {
    text += chunk;
    if (text.length > LONGEST_BODY) throw invalid('The request is too large');
  }
  const body: unknown = JSON.parse(text || '{}');
  if (typeof body !== 'object' || body === null) throw invalid('Invalid JSON payload received');
  return body;
}

function sizeAsked(text: string | null): number | undefined {
  if (text === null) return undefined;
  if (!/^\d+$/.test(text)) throw invalid(`The size of a page cannot be "${text}"`);
  return Number(text) || undefined;
}

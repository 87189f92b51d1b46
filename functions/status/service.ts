import type { z } from 'zod';
import type { Clock } from '../shared/clock.ts';
import { InvalidRequest } from '../shared/errors.ts';
import { preferred } from '../shared/http/encoding.ts';
import type { ServiceHandler, ServiceRequest } from '../shared/http/service.ts';
import { refusal, type ServiceAnswer } from '../shared/http/service-answer.ts';
import { parseWithProblems } from '../shared/problems.ts';
import {
  alarmsQuery,
  daysQuery,
  ENDPOINTS,
  type EndpointName,
  endpointOf,
  jobsQuery,
  noQuery,
  REFRESH,
  runsQuery,
} from './api/endpoints.ts';
import { INPUT_SCHEMAS, jsonSchemaOf, openApi, SCHEMAS } from './api/openapi.ts';
import { NothingKept } from './cache/keep.ts';
import { sinceWhen } from './cache/since-when.ts';
import type { Assets } from './page/assets.ts';
import type { Answered, StatusAnswers } from './read/answers.ts';
import { CannotRefresh } from './read/refreshing.ts';
import { metricsText } from './rules/metrics.ts';
import { healthAnswer } from './rules/status-answer.ts';
import { badgeJson, badgeSvg, badgeWord } from './rules/task-badge.ts';

const JSON_TYPE = 'application/json';
const METRICS_TYPE = 'application/openmetrics-text; version=1.0.0; charset=utf-8';
/** What may be kept for a while: it changes with a deployment alone. */
const PUBLISHED = 'private, max-age=300';

/** What the service needs besides the data. */
export interface StatusOptions {
  /** The page's files; throws where they were not built. */
  assets: () => Assets;
  clock: Clock;
}

/** An endpoint's answer to one request; `null` where there is no such thing. */
type Answer = (request: Asked) => Promise<Answered<unknown> | null>;

interface Asked {
  segments: Record<string, string>;
  query: URLSearchParams;
}

/** Answers the page, the API, the metrics and the badges. Only reads, but that it passes on a refresh for viewers. */
export function status(answers: StatusAnswers, { assets, clock }: StatusOptions): ServiceHandler {
  const asOf = sinceWhen();
  const endpoints = endpointsOf(answers);
  const page = pageOf(assets);

  async function answerApi(
    name: EndpointName,
    asked: Asked,
    request: ServiceRequest,
  ): Promise<ServiceAnswer> {
    const found = await endpoints[name](asked);
    if (!found) return refusal(404, [{ path: '', message: `There is no ${shown(request.path)}` }]);
    const { data, after, readAt, error, problems } = found;
    const limit = Number(asked.query.get('limit') ?? (isPaged(name) ? 25 : 0)) || null;
    const text = JSON.stringify({ data, page: { after, limit }, problems });
    const since = asOf(`${request.path}?${request.query}`, text, readAt);
    return {
      status: 200,
      contentType: JSON_TYPE,
      body: `${text.slice(0, -1)},"asOf":"${since.toISOString()}"}\n`,
      asOf: readAt,
      ...(error === null ? {} : { sourceError: error }),
    };
  }

  async function answerRefresh({ query }: ServiceRequest): Promise<ServiceAnswer> {
    parsed(noQuery, query);
    try {
      const { data, after, readAt } = await answers.refreshWorkloads();
      const page = { after, limit: null };
      const body = `${JSON.stringify({ data, page, asOf: readAt, problems: [] })}\n`;
      return { status: 200, contentType: JSON_TYPE, body, asOf: readAt, cacheControl: 'no-store' };
    } catch (error) {
      if (!(error instanceof CannotRefresh)) throw error;
      const message = `Not refreshed for viewers: ${error.message}`;
      return refusal(503, [{ path: '', message }], error.lasting ? {} : { 'Retry-After': '30' });
    }
  }

  async function answerMetrics(): Promise<ServiceAnswer> {
    const { data, readAt, error } = await answers.status();
    // A scrape that cannot see must fail, or the last values would look alive.
    if (error !== null) return cannotSee(error);
    const days = await answers.days({});
    if (days.error !== null) return cannotSee(days.error);
    const newest = days.data.findLast((day) => day.status !== 'missing') ?? null;
    return { status: 200, contentType: METRICS_TYPE, body: metricsText(data, newest), asOf: readAt };
  }

  async function answerBadge(task: string, form: string, path: string): Promise<ServiceAnswer> {
    const { data, readAt } = await answers.status();
    const found = data.tasks.find((one) => one.task === task);
    if (!found) return notFound(path);
    const word = badgeWord(found.state, readAt, clock.now());
    return form === 'svg'
      ? { status: 200, contentType: 'image/svg+xml', body: badgeSvg(task, word), asOf: readAt }
      : {
          status: 200,
          contentType: JSON_TYPE,
          body: `${JSON.stringify(badgeJson(task, word))}\n`,
          asOf: readAt,
        };
  }

  async function answer(request: ServiceRequest): Promise<ServiceAnswer> {
    const { path, query } = request;
    if (path === REFRESH.path) return answerRefresh(request);
    const endpoint = endpointOf(path);
    if (endpoint) return answerApi(endpoint.name, { segments: endpoint.segments, query }, request);
    if (path === '/api/openapi.json') return published(openApi());
    const [, schema] = /^\/schemas\/([a-z-]+)\.json$/.exec(path) ?? [];
    if (schema !== undefined && Object.hasOwn(SCHEMAS, schema))
      return published(jsonSchemaOf(SCHEMAS[schema] as z.ZodType));
    if (schema !== undefined && Object.hasOwn(INPUT_SCHEMAS, schema))
      return published(jsonSchemaOf(INPUT_SCHEMAS[schema] as z.ZodType, 'input'));
    if (path === '/metrics') return answerMetrics();
    const [, task = '', form = ''] = /^\/badge\/([a-z0-9-]+)\.(svg|json)$/.exec(path) ?? [];
    if (task) return answerBadge(task, form, path);
    return page(request) ?? notFound(path);
  }

  return async (request) => {
    try {
      return await answer(request);
    } catch (error) {
      if (error instanceof NothingKept) return cannotSee(error.message);
      throw error;
    }
  };
}

function endpointsOf(answers: StatusAnswers): Record<EndpointName, Answer> {
  return {
    async status({ query }) {
      parsed(noQuery, query);
      return answers.status();
    },
    async health({ query }) {
      parsed(noQuery, query);
      const { data, ...rest } = await answers.status();
      return { data: healthAnswer(data), ...rest };
    },
    runs: async ({ segments: { task = '' }, query }) => answers.runs(task, parsed(runsQuery, query)),
    async run({ segments: { runId = '' }, query }) {
      parsed(noQuery, query);
      return answers.run(runId);
    },
    alarms: async ({ query }) => answers.alarms(parsed(alarmsQuery, query)),
    days: async ({ query }) => answers.days(parsed(daysQuery, query)),
    jobs: async ({ query }) => answers.jobs(parsed(jobsQuery, query)),
    async job({ segments: { source = '', id = '' }, query }) {
      parsed(noQuery, query);
      return answers.job(source, id);
    },
    async workloads({ query }) {
      parsed(noQuery, query);
      return answers.workloads();
    },
  };
}

function isPaged(name: EndpointName): boolean {
  return 'limit' in ENDPOINTS[name].query.shape;
}

/** A query by its schema. Throws InvalidRequest naming every problem, a name that comes twice among them. */
function parsed<T>(schema: z.ZodType<T>, query: URLSearchParams): T {
  const twice = [...new Set(query.keys())].filter((key) => query.getAll(key).length > 1);
  if (twice.length > 0)
    throw new InvalidRequest(
      twice.map((path) => ({ path, message: 'Given more than once', expected: 'one value' })),
    );
  const result = parseWithProblems(schema, Object.fromEntries(query));
  if (!result.ok) throw new InvalidRequest(result.problems);
  return result.value;
}

/** Returns how a file of the page is answered, in the encoding that whoever asks prefers; `undefined` for other paths. */
function pageOf(open: () => Assets): (request: ServiceRequest) => ServiceAnswer | undefined {
  let assets: Assets | undefined;
  return ({ path, headers }) => {
    // Opened when it is first asked for: the API answers without the page, too.
    assets ??= open();
    const asset = assets.get(path);
    if (!asset) return undefined;
    const { contentType, cacheControl, body, encodings } = asset;
    const encoding = preferred(String(headers['accept-encoding'] ?? ''));
    return {
      status: 200,
      contentType,
      cacheControl,
      body: encoding ? encodings[encoding] : body,
      ...(encoding ? { headers: { 'Content-Encoding': encoding } } : {}),
    };
  };
}

function published(document: object): ServiceAnswer {
  return {
    status: 200,
    contentType: JSON_TYPE,
    body: `${JSON.stringify(document)}\n`,
    cacheControl: PUBLISHED,
  };
}

function shown(path: string): string {
  return path.slice(0, 200);
}

/** The answer for a path that leads nowhere. */
function notFound(path: string): ServiceAnswer {
  const known = Object.values(ENDPOINTS).map((endpoint) => endpoint.path);
  return refusal(404, [
    { path: '', message: `There is no ${shown(path)}`, expected: `one of ${known.join(', ')}` },
  ]);
}

/** Nothing may look alive that was not seen. */
function cannotSee(error: string): ServiceAnswer {
  const message = `Cannot read the records: ${error}`;
  return refusal(503, [{ path: '', message, expected: 'an answer of Firestore: try again' }], {
    'Retry-After': '5',
  });
}

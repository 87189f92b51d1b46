import type { TestContext } from 'node:test';
import type { Backend, BackendTools, KeptLogs } from '../../functions/shared/cloud/backends/backend.ts';
import { openBackend } from '../../functions/shared/cloud/backends/open-backend.ts';
import { type BackendSettings, backendSchema, type Truth } from '../../functions/shared/model/job/backend.ts';
import type { GoogleApisOptions } from '../../scripts/stack/stand-ins/google/apis.ts';
import type { Fault } from '../../scripts/stack/stand-ins/google/faults.ts';
import type { CustomJob, Execution, PlatformWorld } from '../../scripts/stack/stand-ins/google/world.ts';
import { startStatusEndpoint } from '../../scripts/stack/stand-ins/status-endpoint.ts';
import { AT_ONCE, googleApis, PROJECT, recordedLog } from './google.ts';
import { utc } from './jobs.ts';
import { worldWith } from './platform.ts';

export const REGION = 'europe-west4';
export const TOKEN = 's3cr3t-of-the-endpoint';
export const BEGAN = utc('2026-03-09T10:00');
export const ENDED = utc('2026-03-09T11:00');

/** A job that ran for an hour. */
const ran = { region: REGION, createdAt: BEGAN, startedAt: BEGAN, endedAt: ENDED };

export function customJob(over: Partial<CustomJob> & { id: string }): CustomJob {
  return { ...ran, state: 'JOB_STATE_SUCCEEDED', error: null, ...over };
}

export function execution(over: Partial<Execution> & { id: string }): Execution {
  return { ...ran, job: 'train', state: 'succeeded', ...over };
}

/** A backend of Google's over stand-ins, and what the log told. */
export async function googleBackend(
  context: TestContext,
  settings: BackendSettings,
  parts: Partial<PlatformWorld> = {},
  options?: GoogleApisOptions,
  keptLogs?: KeptLogs,
) {
  const world = worldWith(parts);
  const apis = await googleApis(context, world, options);
  const { log, lines } = recordedLog();
  const tools: BackendTools = {
    apiOf: (api) => ({ project: PROJECT, baseUrl: apis.baseUrls[api], log, retry: AT_ONCE }),
    variable: () => undefined,
    keptLogs,
    log,
  };
  return { world, apis, lines, backend: openBackend(settings, tools) };
}

/** The settings of the endpoint of `httpBackend`, as settings.json has them. */
const HTTP = {
  kind: 'http',
  state: 'status.phase',
  statuses: {
    waiting: 'queued',
    busy: 'running',
    done: 'completed',
    broken: 'failed',
    stopped: 'cancelled',
    3: 'queued',
    false: 'running',
  },
  startedAt: 'times[0]',
  endedAt: 'times[1]',
  error: 'status.reason',
  header: { name: 'X-Token', variable: 'STATUS_TOKEN' },
} as const;

/** The settings of that endpoint at another address, with another mapping where it is given. */
export function httpSettings(url: string, mapping: Record<string, unknown> = {}): BackendSettings {
  return backendSchema.parse({ ...HTTP, url, ...mapping });
}

/** A backend of an HTTP endpoint, which tells `jobs`. */
export async function httpBackend(
  context: TestContext,
  jobs: ReadonlyMap<string, object> = new Map(),
  mapping?: Record<string, unknown>,
) {
  const endpoint = await startStatusEndpoint(jobs, TOKEN);
  context.after(() => endpoint.stop());
  const { log, lines } = recordedLog();
  const apiOf = () => {
    throw new Error('An HTTP endpoint is no API of Google');
  };
  const variable = (name: string) => (name === 'STATUS_TOKEN' ? TOKEN : undefined);
  const backend = openBackend(httpSettings(endpoint.url, mapping), { apiOf, variable, log });
  return { endpoint, lines, backend };
}

export const NOW = utc('2026-03-09T12:00');

/** What a backend says in one sweep. */
export async function ask(
  backend: Backend,
  ids: readonly string[],
  signal = new AbortController().signal,
): Promise<ReadonlyMap<string, Truth>> {
  return backend.truthsOf(ids, { signal, now: () => NOW });
}

/** What a backend says about one job. */
export async function askOne(backend: Backend, id: string): Promise<Truth> {
  const truth = (await ask(backend, [id])).get(id);
  if (!truth) throw new Error(`No truth of ${id}`);
  return truth;
}

/** How many jobs are in which state. */
export function statesOf(truths: ReadonlyMap<string, Truth>): Record<string, number> {
  const states = [...truths.values()].map(({ state }) => state);
  return Object.fromEntries(
    [...Map.groupBy(states, (state) => state)].map(([state, all]) => [state, all.length]),
  );
}

/** A backend of some kind that knows `count` running jobs. */
export interface Populated {
  backend: Backend;
  ids: string[];
  /** The id of a job that it never had. */
  none: string;
  fault(fault: Fault, times?: number): void;
  /** Ends all faults. */
  clear(): void;
  requests(): number;
  stop(): Promise<void>;
  lines: Record<string, unknown>[];
}

/** Each kind of backend. */
export const KINDS: Record<
  BackendSettings['kind'],
  (context: TestContext, count: number) => Promise<Populated>
> = {
  'vertex-ai': (context, count) =>
    populated(context, { kind: 'vertex-ai', region: REGION }, count, (id) => id, {
      customJobs: numbered(count).map((id) => customJob({ id, state: 'JOB_STATE_RUNNING', endedAt: null })),
    }),
  'cloud-run': (context, count) =>
    populated(context, { kind: 'cloud-run', region: REGION }, count, (id) => `train/executions/${id}`, {
      executions: numbered(count).map((id) => execution({ id, state: 'running', endedAt: null })),
    }),
  'cloud-build': (context, count) =>
    populated(context, { kind: 'cloud-build' }, count, (id) => id, {
      builds: numbered(count).map((id) => ({
        ...ran,
        id,
        region: 'global',
        status: 'WORKING',
        endedAt: null,
        detail: null,
      })),
    }),
  async http(context, count) {
    const jobs = new Map(numbered(count).map((id) => [id, { id, status: { phase: 'busy' } }]));
    const { endpoint, backend, lines } = await httpBackend(context, jobs);
    return {
      backend,
      lines,
      ids: [...jobs.keys()],
      none: 'job-none',
      fault: (fault, times) => void endpoint.faults.add({ fault, ...(times && { times }) }),
      clear: () => endpoint.faults.clear(),
      requests: () => endpoint.requests().length,
      stop: endpoint.stop,
    };
  },
};

function numbered(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `job-${index}`);
}

async function populated(
  context: TestContext,
  settings: BackendSettings,
  count: number,
  nameOf: (id: string) => string,
  parts: Partial<PlatformWorld>,
): Promise<Populated> {
  const { apis, backend, lines } = await googleBackend(context, settings, parts);
  return {
    backend,
    lines,
    ids: numbered(count).map(nameOf),
    none: nameOf('job-none'),
    fault: (fault, times) => void apis.faults.add({ fault, ...(times && { times }) }),
    clear: () => apis.faults.clear(),
    requests: () => apis.requests().length,
    stop: apis.stop,
  };
}

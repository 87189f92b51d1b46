import { z } from 'zod';
import { monitoring } from '../../../functions/shared/cloud/monitoring/monitoring.ts';
import { googleApi } from '../../../functions/shared/cloud/rest/google-api.ts';
import type { ApiOptions, Limits, RestCall } from '../../../functions/shared/cloud/rest/rest.ts';
import { addMs, MINUTE_MS } from '../../../functions/shared/dates.ts';
import { UpstreamError } from '../../../functions/shared/errors.ts';
import {
  type NamedSources,
  PLATFORM_SOURCES,
  type PlatformApi,
  type PlatformSource,
  sectionOf,
} from '../../../functions/shared/model/day/platform.ts';
import type { ApiUse } from '../../../functions/shared/model/day/sections/section.ts';
import { GOOGLE_APIS } from '../../../functions/shared/model/google-apis.ts';
import type { Settings } from '../../../functions/shared/settings.ts';
import { apiOf } from '../shared/api-of.ts';
import { CALL_LIMIT_MS, type Check } from '../shared/check.ts';
import type { Connection } from '../shared/connect.ts';

/** A Google API that the settings use, in which project and region. */
interface Use {
  api: UsedApi;
  googleProject?: string | undefined;
  region?: string | undefined;
}

/** How one API is asked: the region of the use, an instant that is over, and the time for the call. */
interface Place {
  region: string | undefined;
  now: Date;
  limits: Limits;
}

/** One cheap call to an API: it answers where the API is enabled and lets us ask. */
type Probe = (options: ApiOptions, place: Place) => Promise<unknown>;

/** Whatever metric sources and the clean-up ask; backends and Cloud Scheduler have checks of their own. */
type UsedApi = 'monitoring' | PlatformApi | 'aiplatform';

const PROBES: Record<UsedApi, Probe> = {
  monitoring: (options, { now, limits }) => {
    const interval = { after: addMs(now, -MINUTE_MS), until: now };
    const metric = { type: 'run.googleapis.com/request_count', resourceType: 'cloud_run_revision' };
    return monitoring(options).sums(metric, interval, [], limits);
  },
  storage: (options, place) =>
    probe('storage', options, place, {
      operation: 'buckets.list',
      path: '/storage/v1/b',
      query: { project: options.project, maxResults: 1 },
      permission: 'storage.buckets.list',
    }),
  bigquery: (options, place) =>
    probe('bigquery', options, place, {
      operation: 'jobs.list',
      path: `/bigquery/v2/projects/${options.project}/jobs`,
      query: { allUsers: true, projection: 'minimal', maxResults: 1 },
      permission: 'bigquery.jobs.listAll',
    }),
  run: (options, place) =>
    probe('run', options, place, {
      operation: 'services.list',
      path: `/v1/projects/${options.project}/locations/${place.region ?? '-'}/services`,
      query: { limit: 1 },
      permission: 'run.services.list',
    }),
  sql: (options, place) =>
    probe('sql', options, place, {
      operation: 'instances.list',
      path: `/v1/projects/${options.project}/instances`,
      query: { maxResults: 1 },
      permission: 'cloudsql.instances.list',
    }),
  aiplatform: (options, place) =>
    probe('aiplatform', options, place, {
      operation: 'models.list',
      path: `/v1/projects/${options.project}/locations/${place.region}/models`,
      region: place.region,
      query: { pageSize: 1 },
      permission: 'aiplatform.models.list',
    }),
};

function probe(
  api: UsedApi,
  options: ApiOptions,
  { region, limits }: Place,
  call: Omit<RestCall<unknown>, 'schema'>,
): Promise<unknown> {
  // Any object will do: this asks only whether it answers.
  const schema = z.looseObject({});
  return googleApi(api, options, region === undefined ? {} : { region }).get({ ...call, schema }, limits);
}

/** One check for each API, project and region that the settings name; an API that does not answer within `limitMs` is wrong. */
export function apiChecks(connection: Connection, limitMs = CALL_LIMIT_MS): Check[] {
  const { target, settings, clock } = connection;
  const optionsOf = apiOf(connection);
  return usesOf(settings).map((use): Check => {
    const ask = PROBES[use.api];
    const { name, service } = GOOGLE_APIS[use.api];
    const project = use.googleProject ?? target.project;
    const place = use.api === 'aiplatform' ? `${name} in ${use.region}` : name;
    return {
      group: 'Google APIs',
      what: project === target.project ? place : `${place} of ${project}`,
      async look() {
        await ask(optionsOf(use.api, use), { region: use.region, now: clock.now(), limits: { limitMs } });
        return { state: 'ok', words: 'enabled, and answers' };
      },
      // A denial that no permission would help is of an API that is not enabled.
      fix: (error) =>
        error instanceof UpstreamError && error.status === 403 && !error.permission
          ? `gcloud services enable ${service} --project=${project}`
          : undefined,
    };
  });
}

/** What the settings use: Cloud Monitoring in every project of a metric source first, then the sources' own APIs. */
function usesOf({ metrics, artifacts }: Settings): Use[] {
  const sources = PLATFORM_SOURCES.flatMap((source) => usesOfSource(source, metrics));
  const { vertexModels } = artifacts;
  return [
    ...sources.filter(({ api }) => api === 'monitoring').filter(isFirstInProject),
    ...sources.filter(({ api }) => api !== 'monitoring'),
    ...(vertexModels?.regions ?? []).map(
      (region): Use => ({ api: 'aiplatform', googleProject: vertexModels?.googleProject, region }),
    ),
  ];
}

function usesOfSource<Source extends PlatformSource>(source: Source, metrics: NamedSources): Use[] {
  const settings = metrics[source];
  if (!settings) return [];
  const { googleProject } = settings;
  const own: ApiUse<UsedApi>[] = sectionOf<PlatformSource>(source).uses(settings);
  return [{ api: 'monitoring' as const }, ...own].map((use) => ({ ...use, googleProject }));
}

function isFirstInProject({ googleProject }: Use, place: number, uses: readonly Use[]): boolean {
  return uses.findIndex((use) => use.googleProject === googleProject) === place;
}

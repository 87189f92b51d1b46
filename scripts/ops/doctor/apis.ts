import { z } from 'zod';
import { monitoring } from '../../../functions/shared/cloud/monitoring/monitoring.ts';
import { type RestCall, restApi } from '../../../functions/shared/cloud/rest/rest.ts';
import { addMs, MINUTE_MS } from '../../../functions/shared/dates.ts';
import { UpstreamError } from '../../../functions/shared/errors.ts';
import type { ApiName, Settings } from '../../../functions/shared/settings.ts';
import { apiOf } from '../shared/api-of.ts';
import { CALL_LIMIT_MS, type Check } from '../shared/check.ts';
import type { Connection } from '../shared/connect.ts';

/** A Google API that the settings use, and one cheap call to it: whether it answers, is enabled, and lets us ask. */
interface Use {
  api: ApiName;
  name: string;
  /** What is enabled or not. */
  service: string;
  address: string;
  googleProject?: string | undefined;
  ask(project: string): Pick<RestCall<unknown>, 'operation' | 'path' | 'query' | 'region' | 'permission'>;
}

const LIMITS = { limitMs: CALL_LIMIT_MS };

/** One check for each API and project that the settings name. */
export function apiChecks(connection: Connection): Check[] {
  const optionsOf = apiOf(connection);
  const { metrics } = connection.settings;
  const monitored = [metrics.storage, metrics.bigquery, metrics.cloudRun, metrics.database];
  const projects = new Set(monitored.flatMap((section) => (section ? [section.googleProject] : [])));
  return [
    ...[...projects].map((googleProject) =>
      checkOf(
        connection,
        { name: 'Cloud Monitoring', service: 'monitoring.googleapis.com', googleProject },
        () => {
          const until = connection.clock.now();
          const interval = { after: addMs(until, -MINUTE_MS), until };
          const metric = { type: 'run.googleapis.com/request_count', resourceType: 'cloud_run_revision' };
          return monitoring(optionsOf('monitoring', { googleProject })).sums(metric, interval, [], LIMITS);
        },
      ),
    ),
    ...usesOf(connection.settings).map((use) =>
      checkOf(connection, use, () => {
        const options = optionsOf(use.api, use);
        // Whatever object it answers: this asks whether it does.
        const call = { ...use.ask(options.project), schema: z.looseObject({}) };
        return restApi(use.name, use.address, options).get(call, LIMITS);
      }),
    ),
  ];
}

function checkOf(
  { target }: Connection,
  { name, service, googleProject = target.project }: Pick<Use, 'name' | 'service' | 'googleProject'>,
  ask: () => Promise<unknown>,
): Check {
  return {
    group: 'Google APIs',
    what: googleProject === target.project ? name : `${name} of ${googleProject}`,
    async look() {
      await ask();
      return { state: 'ok', words: 'enabled, and answers' };
    },
    // A denial that no permission would help is of an API that is not enabled.
    mend: (error) =>
      error instanceof UpstreamError && error.status === 403 && !error.permission
        ? `gcloud services enable ${service} --project=${googleProject}`
        : undefined,
  };
}

function usesOf({ metrics, artifacts }: Settings): Use[] {
  const { storage, bigquery, cloudRun, database } = metrics;
  const uses: (Use | false | undefined)[] = [
    storage && {
      api: 'storage',
      name: 'Cloud Storage',
      service: 'storage.googleapis.com',
      address: 'https://storage.googleapis.com',
      googleProject: storage.googleProject,
      ask: (project) => ({
        operation: 'buckets.list',
        path: '/storage/v1/b',
        query: { project, maxResults: 1 },
        permission: 'storage.buckets.list',
      }),
    },
    bigquery && {
      api: 'bigquery',
      name: 'BigQuery',
      service: 'bigquery.googleapis.com',
      address: 'https://bigquery.googleapis.com',
      googleProject: bigquery.googleProject,
      ask: (project) => ({
        operation: 'jobs.list',
        path: `/bigquery/v2/projects/${project}/jobs`,
        query: { allUsers: true, projection: 'minimal', maxResults: 1 },
        permission: 'bigquery.jobs.listAll',
      }),
    },
    cloudRun && {
      api: 'run',
      name: 'Cloud Run',
      service: 'run.googleapis.com',
      address: 'https://run.googleapis.com',
      googleProject: cloudRun.googleProject,
      ask: (project) => ({
        operation: 'services.list',
        path: `/v1/projects/${project}/locations/${cloudRun.regions?.[0] ?? '-'}/services`,
        query: { limit: 1 },
        permission: 'run.services.list',
      }),
    },
    database?.cloudSql && {
      api: 'sql',
      name: 'Cloud SQL',
      service: 'sqladmin.googleapis.com',
      address: 'https://sqladmin.googleapis.com',
      googleProject: database.googleProject,
      ask: (project) => ({
        operation: 'instances.list',
        path: `/v1/projects/${project}/instances`,
        query: { maxResults: 1 },
        permission: 'cloudsql.instances.list',
      }),
    },
    ...(artifacts.vertexModels?.regions ?? []).map(
      (region): Use => ({
        api: 'aiplatform',
        name: `Vertex AI in ${region}`,
        service: 'aiplatform.googleapis.com',
        address: `https://${region}-aiplatform.googleapis.com`,
        googleProject: artifacts.vertexModels?.googleProject,
        ask: (project) => ({
          operation: 'models.list',
          path: `/v1/projects/${project}/locations/${region}/models`,
          region,
          query: { pageSize: 1 },
          permission: 'aiplatform.models.list',
        }),
      }),
    ),
  ];
  return uses.filter((use) => use !== undefined && use !== false);
}

/**
 * The Google APIs that Nightshift asks: what errors and logs call each, the service to enable for it, and the permissions
 * that its calls need. A client finds its address here, `baseUrls` of the settings its keys; a test holds infra/ to it.
 */

interface GoogleApi {
  name: string;
  /** The service to enable, and the host that answers. */
  service: string;
  /** Whether each region answers at a host of its own. */
  regional?: true;
  permissions: readonly string[];
}

export const GOOGLE_APIS = {
  monitoring: {
    name: 'Cloud Monitoring',
    service: 'monitoring.googleapis.com',
    permissions: ['monitoring.timeSeries.list'],
  },
  bigquery: {
    name: 'BigQuery',
    service: 'bigquery.googleapis.com',
    permissions: ['bigquery.jobs.listAll'],
  },
  run: {
    name: 'Cloud Run',
    service: 'run.googleapis.com',
    permissions: ['run.services.list', 'run.executions.get', 'run.executions.list'],
  },
  sql: {
    name: 'Cloud SQL',
    service: 'sqladmin.googleapis.com',
    permissions: ['cloudsql.instances.list'],
  },
  aiplatform: {
    name: 'Vertex AI',
    service: 'aiplatform.googleapis.com',
    regional: true,
    permissions: ['aiplatform.models.list', 'aiplatform.customJobs.get', 'aiplatform.customJobs.list'],
  },
  storage: {
    name: 'Cloud Storage',
    service: 'storage.googleapis.com',
    permissions: [
      'storage.buckets.list',
      'storage.buckets.get',
      'storage.objects.create',
      'storage.objects.delete',
      'storage.objects.list',
      'storage.objects.restore',
    ],
  },
  cloudbuild: {
    name: 'Cloud Build',
    service: 'cloudbuild.googleapis.com',
    permissions: ['cloudbuild.builds.get', 'cloudbuild.builds.list'],
  },
  logging: {
    name: 'Cloud Logging',
    service: 'logging.googleapis.com',
    permissions: ['logging.logEntries.list'],
  },
  scheduler: {
    name: 'Cloud Scheduler',
    service: 'cloudscheduler.googleapis.com',
    permissions: ['cloudscheduler.jobs.list'],
  },
} as const satisfies Record<string, GoogleApi>;

export type ApiName = keyof typeof GOOGLE_APIS;
export const API_NAMES = Object.keys(GOOGLE_APIS) as [ApiName, ...ApiName[]];

/** The permissions that calls of some APIs need, by API. */
export type Permissions = { [Api in ApiName]?: readonly (typeof GOOGLE_APIS)[Api]['permissions'][number][] };

/** Where an API answers; `region` matters only where each region has a host of its own. */
export function addressOf(api: ApiName, region?: string): string {
  const { service, regional }: GoogleApi = GOOGLE_APIS[api];
  return regional ? `https://${region}-${service}` : `https://${service}`;
}

import type { Metric, MetricGroup, Monitoring } from '../../shared/cloud/monitoring/monitoring.ts';
import type { Limits } from '../../shared/cloud/rest/rest.ts';
import type { CloudRun, RunServices } from '../../shared/cloud/run-services.ts';
import { pooledMap } from '../../shared/concurrency.ts';
import { startOfDay } from '../../shared/dates.ts';
import {
  type CloudRunFigures,
  RESPONSE_CLASSES,
  type ResponseClass,
} from '../../shared/model/day/sections/cloud-run.ts';
import { sharedDeadline } from './limits.ts';
import { ifWhole, missingIn } from './measurements.ts';
import { largest } from './rows.ts';
import type { Collect, OpenSource } from './source.ts';

/** https://docs.cloud.google.com/monitoring/api/metrics_gcp_p_z#gcp-run */
const REQUESTS: Metric = { type: 'run.googleapis.com/request_count', resourceType: 'cloud_run_revision' };
const BY_SERVICE_AND_CLASS = [
  'resource.labels.service_name',
  'resource.labels.location',
  'metric.labels.response_code_class',
] as const;

const REGIONS_AT_ONCE = 20;

type ServiceRow = CloudRunFigures['perService'][number];

export const openCloudRun: OpenSource<'cloudRun'> = (settings, clients) =>
  cloudRunSource({
    run: clients.run(settings),
    monitoring: clients.monitoring(settings),
    regions: settings.regions,
  });

/** Takes requests from Monitoring, and lists the services as they are now: in `regions` one by one, or in all at once. */
export function cloudRunSource(tools: {
  run: CloudRun;
  monitoring: Monitoring;
  regions: readonly string[] | undefined;
}): Collect<'cloudRun'> {
  return async ({ date, until, lookNow }, limits): Promise<CloudRunFigures> => {
    const day = { after: startOfDay(date), until };
    const [list, served] = await Promise.all([
      lookNow ? servicesNow(tools.run, tools.regions, limits) : null,
      tools.monitoring.sums(REQUESTS, day, BY_SERVICE_AND_CLASS, limits),
    ]);
    const perService = servicesIn(served.groups);
    const { rows, more } = largest(perService, {
      size: requestsOf,
      name: ({ service, region }) => `${service} ${region}`,
    });
    return {
      // Services that were made after the day do not count on it.
      services: ifWhole(list, ({ services }) => services.filter(({ createdAt }) => createdAt < until).length),
      activeServices: ifWhole(served, () => perService.length),
      requests: ifWhole(served, () => perService.reduce((sum, row) => sum + requestsOf(row), 0)),
      perService: rows,
      more,
      missing: missingIn(list, served),
    };
  };
}

/** Returns the services that served a request; one name in two regions is two services. */
function servicesIn(groups: readonly MetricGroup[]): ServiceRow[] {
  const rows = new Map<string, ServiceRow>();
  for (const { labels, value } of groups) {
    if (value === 0) continue;
    const { service_name: service = '', location: region = '' } = labels;
    const key = JSON.stringify([service, region]);
    const row: ServiceRow = rows.get(key) ?? { service, region, requests: {} };
    rows.set(key, row);
    const responses = classOf(labels.response_code_class);
    row.requests[responses] = (row.requests[responses] ?? 0) + value;
  }
  return [...rows.values()];
}

function classOf(label: string | undefined): ResponseClass {
  return RESPONSE_CLASSES.find((known) => known === label) ?? 'other';
}

function requestsOf({ requests }: ServiceRow): number {
  return Object.values(requests).reduce((sum, count) => sum + count, 0);
}

/**
 * Lists the services of all regions at once, or of each of `regions`, where one that fails is missing alone. Rejects with the
 * error of the first region where all of them fail.
 */
async function servicesNow(
  run: CloudRun,
  regions: readonly string[] | undefined,
  limits: Limits,
): Promise<RunServices> {
  if (!regions) return run.services(limits);
  const left = sharedDeadline(limits);
  const answers = await pooledMap(regions, REGIONS_AT_ONCE, (region) =>
    run.services(left(), region).then(
      (found) => ({ ...found, error: null }),
      (error: unknown) => {
        limits.signal?.throwIfAborted();
        return { services: [], missing: [region], error };
      },
    ),
  );
  const [first] = answers;
  if (first && answers.every(({ error }) => error !== null)) throw first.error;
  return { services: answers.flatMap(({ services }) => services), missing: missingIn(...answers) };
}

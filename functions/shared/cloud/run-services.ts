import { z } from 'zod';
import { googleApi } from './rest/google-api.ts';
import type { ApiOptions, Limits } from './rest/rest.ts';

/**
 * Cloud Run, namespaces.services.list of v1
 * (https://cloud.google.com/run/docs/reference/rest/v1/namespaces.services/list): the one list of services that takes
 * `-` for all regions, as gcloud uses it. v2 would have to be asked region by region.
 */

/** A service as it is now. */
export interface RunService {
  name: string;
  region: string;
  createdAt: Date;
  /** Where it is called; `null` while it has no address. */
  url: string | null;
}

export interface RunServices {
  services: RunService[];
  /** Regions that Cloud Run could not reach: their services are not in the list. */
  missing: string[];
}

const ALL_REGIONS = '-';
const PAGE_SIZE = 500;
const REGION_LABEL = 'cloud.googleapis.com/location';

const pageSchema = z.object({
  items: z
    .array(
      z.object({
        metadata: z.object({
          name: z.string(),
          creationTimestamp: z.iso.datetime({ offset: true }).transform((text) => new Date(text)),
          labels: z.object({ [REGION_LABEL]: z.string() }),
        }),
        status: z.object({ url: z.string().optional() }).default({}),
      }),
    )
    .default([]),
  metadata: z.object({ continue: z.string().optional() }).default({}),
  unreachable: z.array(z.string()).default([]),
});

const FIELDS = 'metadata(continue),unreachable,items(metadata(name,creationTimestamp,labels),status(url))';

/** Cloud Run of one project. */
export interface CloudRun {
  /** Returns the services of one region, or of all where none is named. Rejects as `get` of RestApi does. */
  services(limits: Limits, region?: string): Promise<RunServices>;
}

export function cloudRun(options: ApiOptions): CloudRun {
  const api = googleApi('run', options);

  return {
    async services(limits, region) {
      const services: RunService[] = [];
      const missing = new Set<string>();
      await api.list(
        {
          operation: 'services.list',
          path: `/v1/projects/${options.project}/locations/${region ?? ALL_REGIONS}/services`,
          query: { limit: PAGE_SIZE, fields: FIELDS },
          schema: pageSchema,
          region,
          permission: 'run.services.list',
          tokenParameter: 'continue',
          nextToken: (page) => page.metadata.continue,
        },
        limits,
        (page) => {
          for (const unreached of page.unreachable) missing.add(regionIn(unreached));
          for (const { metadata, status } of page.items)
            services.push({
              name: metadata.name,
              region: metadata.labels[REGION_LABEL],
              createdAt: metadata.creationTimestamp,
              url: status.url ?? null,
            });
        },
      );
      return { services, missing: [...missing].sort() };
    },
  };
}

/** Returns the region of a location, which comes as its name or as `projects/P/locations/NAME`. */
function regionIn(location: string): string {
  return location.split('/').at(-1) ?? location;
}

import { z } from 'zod';
import { googleApi } from './rest/google-api.ts';
import type { ApiOptions, Limits } from './rest/rest.ts';

/**
 * Cloud SQL, instances.list (https://docs.cloud.google.com/sql/docs/mysql/admin-api/rest/v1/instances/list). Cloud Monitoring
 * has how full an instance is: `cloudsql.googleapis.com/database/disk/bytes_used`.
 */

/** An instance as it is now. */
export interface SqlInstance {
  name: string;
  region: string;
  /** Such as `POSTGRES_17`. */
  version: string;
  /** Such as `RUNNABLE` or `STOPPED`. */
  state: string;
}

export interface SqlInstances {
  instances: SqlInstance[];
  /** Regions that Cloud SQL could not reach: their instances are not in the list. */
  missing: string[];
}

const pageSchema = z.object({
  items: z
    .array(z.object({ name: z.string(), region: z.string(), databaseVersion: z.string(), state: z.string() }))
    .default([]),
  nextPageToken: z.string().optional(),
  warnings: z.array(z.object({ code: z.string().optional(), region: z.string().optional() })).default([]),
});

const FIELDS = 'nextPageToken,warnings,items(name,region,databaseVersion,state)';

/** Cloud SQL of one project. */
export interface CloudSql {
  /** Returns the instances of all regions. Rejects as `get` of RestApi does. */
  instances(limits: Limits): Promise<SqlInstances>;
}

export function cloudSql(options: ApiOptions): CloudSql {
  const api = googleApi('sql', options);

  return {
    async instances(limits) {
      const instances: SqlInstance[] = [];
      const missing = new Set<string>();
      await api.list(
        {
          operation: 'instances.list',
          path: `/v1/projects/${options.project}/instances`,
          query: { maxResults: 500, fields: FIELDS },
          schema: pageSchema,
          permission: 'cloudsql.instances.list',
          tokenParameter: 'pageToken',
          nextToken: (page) => page.nextPageToken,
        },
        limits,
        (page) => {
          for (const { code, region } of page.warnings)
            if (code === 'REGION_UNREACHABLE') missing.add(region ?? 'unknown');
          for (const { databaseVersion: version, ...instance } of page.items)
            instances.push({ ...instance, version });
        },
      );
      return { instances, missing: [...missing].sort() };
    },
  };
}

import type { ListMethod } from './method.ts';
import { problemOf } from './problem.ts';
import type { SqlInstance } from './world.ts';

/**
 * instances.list of Cloud SQL v1, as its discovery document describes it (https://sqladmin.googleapis.com/$discovery/rest?version=v1,
 * schemas InstancesListResponse and DatabaseInstance).
 */
export const instancesList: ListMethod = {
  api: 'sql',
  name: 'instances.list',
  path: /^\/v1\/projects\/(?<project>[^/]+)\/instances$/,
  permission: 'cloudsql.instances.list',
  denied: (_project, permission) => {
    const message = `The client is not authorized to make this request.`;
    const metadata = { permission };
    return problemOf(403, message, {
      errors: [{ message, domain: 'global', reason: 'notAuthorized' }],
      details: [
        {
          '@type': 'type.googleapis.com/google.rpc.ErrorInfo',
          reason: 'IAM_PERMISSION_DENIED',
          domain: 'iam.googleapis.com',
          metadata,
        },
      ],
    });
  },
  sizeParameter: 'maxResults',
  tokenParameter: 'pageToken',
  list: ({ project, sql }) => ({
    items: sql.map((instance) => resourceOf(instance, project)),
    defaultSize: 500,
    body: (items, nextPageToken) => ({
      kind: 'sql#instancesList',
      ...(items.length > 0 && { items }),
      ...(nextPageToken && { nextPageToken }),
    }),
  }),
};

function resourceOf({ name, region, version, state }: SqlInstance, project: string): object {
  return {
    kind: 'sql#instance',
    name,
    project,
    region,
    state,
    databaseVersion: version,
    backendType: 'SECOND_GEN',
    instanceType: 'CLOUD_SQL_INSTANCE',
    connectionName: `${project}:${region}:${name}`,
    settings: { kind: 'sql#settings', tier: 'db-custom-2-7680', dataDiskSizeGb: '100', settingsVersion: '1' },
  };
}

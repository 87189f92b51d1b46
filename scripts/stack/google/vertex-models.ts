import type { Method } from './method.ts';
import { problemOf } from './problem.ts';
import type { RegisteredModel } from './world.ts';

/** Names come with the number of the project, whatever it was asked by. */
const PROJECT_NUMBER = '591020730428';
const PERMISSION = 'aiplatform.models.list';

/** What the two methods of the registry have in common. */
const COMMON: Pick<Method, 'api' | 'permission' | 'denied' | 'sizeParameter' | 'tokenParameter'> = {
  api: 'aiplatform',
  permission: PERMISSION,
  denied: (project, permission) => {
    const resource = `//aiplatform.googleapis.com/projects/${project}`;
    const message = `Permission '${permission}' denied on resource '${resource}' (or it may not exist).`;
    return problemOf(403, message, {
      details: [
        {
          '@type': 'type.googleapis.com/google.rpc.ErrorInfo',
          reason: 'IAM_PERMISSION_DENIED',
          domain: 'aiplatform.googleapis.com',
          metadata: { resource: `projects/${project}`, permission },
        },
      ],
    });
  },
  sizeParameter: 'pageSize',
  tokenParameter: 'pageToken',
};

/**
 * models.list of Vertex AI v1, as its discovery document describes it (https://aiplatform.googleapis.com/$discovery/rest?version=v1,
 * schemas GoogleCloudAiplatformV1ListModelsResponse and GoogleCloudAiplatformV1Model): of each model the default version.
 */
export const modelsList: Method = {
  ...COMMON,
  name: 'models.list',
  path: /^\/v1\/projects\/(?<project>[^/]+)\/locations\/(?<region>[^/]+)\/models$/,
  list: ({ models }, _query, region) =>
    listing(
      models.filter((model) => model.region === region).map((model) => versionOf(model, 0, nameOf(model))),
    ),
};

/** models.listVersions: of one model all versions, each with its ID in its name. */
export const modelVersionsList: Method = {
  ...COMMON,
  name: 'models.listVersions',
  path: /^\/v1\/projects\/(?<project>[^/]+)\/locations\/(?<region>[^/]+)\/models\/(?<resource>[^/:]+):listVersions$/,
  list({ models }, _query, region, id) {
    const model = models.find((each) => each.region === region && each.id === id);
    if (!model) throw problemOf(404, 'The Model does not exist.');
    return listing(
      model.artifactUris.map((_, index) => versionOf(model, index, `${nameOf(model)}@${index + 1}`)),
    );
  },
};

function listing(items: readonly object[]): ReturnType<Method['list']> {
  return {
    items,
    defaultSize: 100,
    body: (models, nextPageToken) => ({
      ...(models.length > 0 && { models }),
      ...(nextPageToken && { nextPageToken }),
    }),
  };
}

function nameOf({ region, id }: RegisteredModel): string {
  return `projects/${PROJECT_NUMBER}/locations/${region}/models/${id}`;
}

function versionOf({ id, artifactUris }: RegisteredModel, index: number, name: string): object {
  const artifactUri = artifactUris[index];
  return {
    name,
    displayName: id,
    predictSchemata: {},
    containerSpec: { imageUri: 'us-docker.pkg.dev/vertex-ai/prediction/sklearn-cpu.1-2:latest' },
    supportedDeploymentResourcesTypes: ['DEDICATED_RESOURCES'],
    createTime: '2026-01-05T08:00:00.000000Z',
    updateTime: '2026-01-05T08:00:00.000000Z',
    etag: 'AMEw9yMD4O81h3HVrMUSzoRku4BaN8Td8EDwUBsp9bGZUu9H9vb',
    ...(artifactUri && { artifactUri }),
    versionId: String(index + 1),
    ...(index === 0 && { versionAliases: ['default'] }),
    versionCreateTime: '2026-01-05T08:00:00.000000Z',
    versionUpdateTime: '2026-01-05T08:00:00.000000Z',
  };
}

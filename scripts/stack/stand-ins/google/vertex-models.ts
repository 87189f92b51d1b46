import type { Listing, ListMethod } from './method.ts';
import { problemOf } from './problem.ts';
import { denied, PROJECT_NUMBER } from './vertex.ts';
import type { RegisteredModel } from './world.ts';

const PERMISSION = 'aiplatform.models.list';

/** What the two methods of the registry have in common. */
const COMMON: Pick<ListMethod, 'api' | 'permission' | 'denied' | 'sizeParameter' | 'tokenParameter'> = {
  api: 'aiplatform',
  permission: PERMISSION,
  denied,
  sizeParameter: 'pageSize',
  tokenParameter: 'pageToken',
};

/**
 * models.list of Vertex AI v1, as its discovery document describes it (https://aiplatform.googleapis.com/$discovery/rest?version=v1,
 * schemas GoogleCloudAiplatformV1ListModelsResponse and GoogleCloudAiplatformV1Model): of each model the default version.
 */
export const modelsList: ListMethod = {
  ...COMMON,
  name: 'models.list',
  path: /^\/v1\/projects\/(?<project>[^/]+)\/locations\/(?<region>[^/]+)\/models$/,
  list: ({ models }, _query, region) =>
    listing(
      models.filter((model) => model.region === region).map((model) => versionOf(model, 0, nameOf(model))),
    ),
};

/** models.listVersions: of one model all versions, each with its ID in its name. */
export const modelVersionsList: ListMethod = {
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

function listing(items: readonly object[]): Listing {
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

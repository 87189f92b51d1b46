import { anyOf } from './any-of.ts';
import { type GetMethod, type ListMethod, parameter } from './method.ts';
import { invalid, problemOf } from './problem.ts';
import type { Build } from './world.ts';

/**
 * projects.locations.builds.get of Cloud Build v1, as its discovery document describes it
 * (https://cloudbuild.googleapis.com/$discovery/rest?version=v1, schema Build).
 */
export const buildsGet: GetMethod = {
  api: 'cloudbuild',
  name: 'builds.get',
  path: /^\/v1\/projects\/(?<project>[^/]+)\/locations\/(?<region>[^/]+)\/builds\/(?<resource>[^/:]+)$/,
  permission: 'cloudbuild.builds.get',
  denied: () => problemOf(403, 'The caller does not have permission'),
  get({ project, builds }, region, id) {
    const build = builds.find((each) => each.region === region && each.id === id);
    if (!build) throw problemOf(404, 'Requested entity was not found.');
    return resourceOf(build, project);
  },
};

/** builds.list, schema ListBuildsResponse: the newest first. */
export const buildsList: ListMethod = {
  api: 'cloudbuild',
  name: 'builds.list',
  path: /^\/v1\/projects\/(?<project>[^/]+)\/locations\/(?<region>[^/]+)\/builds$/,
  permission: 'cloudbuild.builds.list',
  denied: () => problemOf(403, 'The caller does not have permission'),
  sizeParameter: 'pageSize',
  tokenParameter: 'pageToken',
  list({ project, builds }, query, region) {
    const matches = anyOf(parameter(query, 'filter'), (build: Build, field) => {
      if (field === 'status') return build.status;
      if (field === 'finish_time') return build.endedAt;
      throw invalid(`Invalid field in the filter: ${field}`);
    });
    return {
      items: builds
        .filter((build) => build.region === region && matches(build))
        .sort((a, b) => b.createdAt.getTime() - a.createdAt.getTime()),
      defaultSize: 50,
      body: (page, nextPageToken) => ({
        ...(page.length > 0 && { builds: (page as Build[]).map((build) => resourceOf(build, project)) }),
        ...(nextPageToken && { nextPageToken }),
      }),
    };
  },
};

function resourceOf(build: Build, project: string): object {
  const { id, region, status, createdAt, startedAt, endedAt, detail, images } = build;
  return {
    name: `projects/${project}/locations/${region}/builds/${id}`,
    id,
    projectId: project,
    status,
    ...(detail && status === 'FAILURE' && { failureInfo: { type: 'USER_BUILD_STEP', detail } }),
    ...(detail && { statusDetail: detail }),
    ...(images && { images }),
    steps: [{ name: 'gcr.io/cloud-builders/docker', args: ['build', '.'] }],
    createTime: createdAt.toISOString(),
    ...(startedAt && { startTime: startedAt.toISOString() }),
    ...(endedAt && { finishTime: endedAt.toISOString() }),
    timeout: '600s',
    logUrl: `https://console.cloud.google.com/cloud-build/builds;region=${region}/${id}?project=${project}`,
    options: { logging: 'CLOUD_LOGGING_ONLY' },
  };
}

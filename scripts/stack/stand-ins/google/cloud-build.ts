import type { GetMethod } from './method.ts';
import { problemOf } from './problem.ts';
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

function resourceOf(build: Build, project: string): object {
  const { id, region, status, createdAt, startedAt, endedAt, detail } = build;
  return {
    name: `projects/${project}/locations/${region}/builds/${id}`,
    id,
    projectId: project,
    status,
    ...(detail && status === 'FAILURE' && { failureInfo: { type: 'USER_BUILD_STEP', detail } }),
    ...(detail && { statusDetail: detail }),
    steps: [{ name: 'gcr.io/cloud-builders/docker', args: ['build', '.'] }],
    createTime: createdAt.toISOString(),
    ...(startedAt && { startTime: startedAt.toISOString() }),
    ...(endedAt && { finishTime: endedAt.toISOString() }),
    timeout: '600s',
    logUrl: `https://console.cloud.google.com/cloud-build/builds;region=${region}/${id}?project=${project}`,
    options: { logging: 'CLOUD_LOGGING_ONLY' },
  };
}

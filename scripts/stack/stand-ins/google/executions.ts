import { hash } from 'node:crypto';
import type { GetMethod, ListMethod } from './method.ts';
import { type GoogleProblem, problemOf } from './problem.ts';
import type { Execution } from './world.ts';

/** What Cloud Run says of each state: the condition `Completed`, and of which count the one task is. */
const STATES: Record<Execution['state'], { condition: object; count?: string }> = {
  pending: { condition: { state: 'CONDITION_PENDING', message: 'Waiting for execution to start.' } },
  running: {
    condition: { state: 'CONDITION_RECONCILING', message: 'Waiting for execution to complete.' },
    count: 'runningCount',
  },
  succeeded: {
    condition: { state: 'CONDITION_SUCCEEDED', message: 'Execution completed successfully in 12m3s.' },
    count: 'succeededCount',
  },
  failed: {
    condition: {
      state: 'CONDITION_FAILED',
      message: 'Task failed with message: The container exited with an error.',
      executionReason: 'NON_ZERO_EXIT_CODE',
    },
    count: 'failedCount',
  },
  cancelling: {
    condition: {
      state: 'CONDITION_RECONCILING',
      message: 'Execution is being cancelled.',
      executionReason: 'CANCELLING',
    },
    count: 'runningCount',
  },
  cancelled: {
    condition: { state: 'CONDITION_FAILED', message: 'Execution cancelled.', executionReason: 'CANCELLED' },
    count: 'cancelledCount',
  },
};

/**
 * executions.get of Cloud Run v2, as its discovery document describes it (https://run.googleapis.com/$discovery/rest?version=v2,
 * schema GoogleCloudRunV2Execution); the resource is `JOB/executions/EXECUTION`.
 */
export const executionsGet: GetMethod = {
  api: 'run',
  name: 'executions.get',
  path: /^\/v2\/projects\/(?<project>[^/]+)\/locations\/(?<region>[^/]+)\/jobs\/(?<resource>[^/]+\/executions\/[^/:]+)$/,
  permission: 'run.executions.get',
  denied,
  get({ project, executions }, region, resource) {
    const execution = executions.find(
      ({ id, job, region: place }) => place === region && resource === `${job}/executions/${id}`,
    );
    if (execution) return resourceOf(execution, project);
    const id = resource?.split('/').at(-1);
    throw problemOf(
      404,
      `Resource '${id}' of kind 'EXECUTION' in region '${region}' in project '${project}' does not exist.`,
    );
  },
};

/** executions.list, schema GoogleCloudRunV2ListExecutionsResponse: the newest first, of one job or with `-` of all. */
export const executionsList: ListMethod = {
  api: 'run',
  name: 'executions.list',
  path: /^\/v2\/projects\/(?<project>[^/]+)\/locations\/(?<region>[^/]+)\/jobs\/(?<resource>[^/]+)\/executions$/,
  permission: 'run.executions.list',
  denied,
  sizeParameter: 'pageSize',
  tokenParameter: 'pageToken',
  list({ project, executions }, _query, region, job) {
    return {
      items: executions
        .filter((each) => each.region === region && (job === '-' || each.job === job))
        .sort((a, b) => b.createdAt.getTime() - a.createdAt.getTime()),
      defaultSize: 100,
      body: (page, nextPageToken) => ({
        ...(page.length > 0 && {
          executions: (page as Execution[]).map((each) => resourceOf(each, project)),
        }),
        ...(nextPageToken && { nextPageToken }),
      }),
    };
  },
};

function denied(project: string, permission: string): GoogleProblem {
  return problemOf(
    403,
    `Permission '${permission}' denied on resource 'projects/${project}' (or resource may not exist).`,
  );
}

function resourceOf(execution: Execution, project: string): object {
  const { id, job, region, state, createdAt, startedAt, endedAt, message } = execution;
  const { condition, count } = STATES[state];
  const lastTransitionTime = (endedAt ?? startedAt ?? createdAt).toISOString();
  return {
    name: `projects/${project}/locations/${region}/jobs/${job}/executions/${id}`,
    uid: uidOf(execution),
    generation: '1',
    createTime: createdAt.toISOString(),
    ...(startedAt && { startTime: startedAt.toISOString() }),
    ...(endedAt && { completionTime: endedAt.toISOString() }),
    updateTime: lastTransitionTime,
    launchStage: 'GA',
    job,
    parallelism: 1,
    taskCount: 1,
    template: {
      containers: [{ image: 'us-docker.pkg.dev/cloudrun/container/job' }],
      maxRetries: 3,
      timeout: '600s',
    },
    conditions: [
      { type: 'Completed', lastTransitionTime, ...condition, ...(message && { message }) },
      { type: 'ResourcesAvailable', state: 'CONDITION_SUCCEEDED', lastTransitionTime },
      { type: 'Started', state: startedAt ? 'CONDITION_SUCCEEDED' : 'CONDITION_PENDING', lastTransitionTime },
    ],
    observedGeneration: '1',
    ...(count && { [count]: 1 }),
    logUri: `https://console.cloud.google.com/logs/viewer?project=${project}`,
    etag: '"CPzV5LIGENC2wJ8B/cHJvamVjdHM"',
  };
}

/** The id that no other execution ever has, the same for the same execution. */
export function uidOf({ id, job, region }: Pick<Execution, 'id' | 'job' | 'region'>): string {
  return hash('sha1', `${region}/${job}/${id}`).replace(
    /^(.{8})(.{4})(.{4})(.{4})(.{12}).*/,
    '$1-$2-$3-$4-$5',
  );
}

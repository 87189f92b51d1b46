import { anyOf } from './any-of.ts';
import { type GetMethod, type ListMethod, parameter } from './method.ts';
import { invalid, problemOf } from './problem.ts';
import { denied, PROJECT_NUMBER } from './vertex.ts';
import type { CustomJob } from './world.ts';

/**
 * customJobs.get of Vertex AI v1, as its discovery document describes it (https://aiplatform.googleapis.com/$discovery/rest?version=v1,
 * schema GoogleCloudAiplatformV1CustomJob).
 */
export const customJobsGet: GetMethod = {
  api: 'aiplatform',
  name: 'customJobs.get',
  path: /^\/v1\/projects\/(?<project>[^/]+)\/locations\/(?<region>[^/]+)\/customJobs\/(?<resource>[^/:]+)$/,
  permission: 'aiplatform.customJobs.get',
  denied,
  get({ customJobs }, region, id) {
    const job = customJobs.find((each) => each.region === region && each.id === id);
    if (!job) throw problemOf(404, 'The CustomJob does not exist.');
    return resourceOf(job);
  },
};

/** customJobs.list, schema GoogleCloudAiplatformV1ListCustomJobsResponse; in the order of the world. */
export const customJobsList: ListMethod = {
  api: 'aiplatform',
  name: 'customJobs.list',
  path: /^\/v1\/projects\/(?<project>[^/]+)\/locations\/(?<region>[^/]+)\/customJobs$/,
  permission: 'aiplatform.customJobs.list',
  denied,
  sizeParameter: 'pageSize',
  tokenParameter: 'pageToken',
  list({ customJobs }, query, region) {
    const matches = anyOf(parameter(query, 'filter'), (job: CustomJob, field) => {
      if (field === 'state') return job.state;
      if (field === 'create_time') return job.createdAt;
      throw invalid(`Invalid field in the filter: ${field}`);
    });
    return {
      items: customJobs.filter((job) => job.region === region && matches(job)),
      defaultSize: 100,
      body: (jobs, nextPageToken) => ({
        ...(jobs.length > 0 && { customJobs: (jobs as CustomJob[]).map(resourceOf) }),
        ...(nextPageToken && { nextPageToken }),
      }),
    };
  },
};

function resourceOf(job: CustomJob): object {
  const {
    id,
    region,
    state,
    createdAt,
    startedAt,
    endedAt,
    error,
    displayName = `train-${id}`,
    labels,
  } = job;
  return {
    name: `projects/${PROJECT_NUMBER}/locations/${region}/customJobs/${id}`,
    displayName,
    jobSpec: {
      workerPoolSpecs: [
        {
          machineSpec: {
            machineType: 'n1-standard-8',
            acceleratorType: 'NVIDIA_TESLA_T4',
            acceleratorCount: 1,
          },
          replicaCount: '1',
          diskSpec: { bootDiskType: 'pd-ssd', bootDiskSizeGb: 100 },
          containerSpec: { imageUri: 'us-docker.pkg.dev/vertex-ai/training/pytorch-gpu.1-13.py310:latest' },
        },
      ],
    },
    state,
    createTime: timeOf(createdAt),
    ...(startedAt && { startTime: timeOf(startedAt) }),
    ...(endedAt && { endTime: timeOf(endedAt) }),
    updateTime: timeOf(endedAt ?? startedAt ?? createdAt),
    ...(error && { error: { code: 3, message: error } }),
    ...(labels && { labels }),
  };
}

/** With microseconds, as Vertex AI writes it. */
function timeOf(at: Date): string {
  return at.toISOString().replace('Z', '456Z');
}

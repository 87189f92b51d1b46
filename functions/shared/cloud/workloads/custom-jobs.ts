import { z } from 'zod';
import { addMs, DAY_MS } from '../../dates.ts';
import { time } from '../backends/google-jobs.ts';
import { CUSTOM_JOB_STATES } from '../backends/vertex-ai/vertex-jobs.ts';
import { googleApi } from '../rest/google-api.ts';
import { LOG_OPERATION, linesIn, quotedTerm } from './log-lines.ts';
import { listNewest, orGone, type ReaderTools, timesOf } from './reader-tools.ts';
import type { Listed, TableReader } from './table-reader.ts';

/**
 * Vertex AI, customJobs.list and customJobs.get (https://cloud.google.com/vertex-ai/docs/reference/rest/v1/projects.locations.customJobs).
 * The filter knows no end, so a job that is older than the window leaves the list at the very moment it ends.
 */

const PAGE_SIZE = 100;
const WINDOW_MS = 7 * DAY_MS;
const LIVE = ['RUNNING', 'PENDING', 'QUEUED', 'CANCELLING', 'UPDATING', 'PAUSED'];
/** Not the specification of the job: its environment holds keys. */
const FIELDS = 'name,displayName,state,createTime,startTime,endTime,error(code,message),labels';
/** The label by which the launch agent of W&B says which run a job is (wandb/sdk/launch/runner/vertex_runner.py). */
const RUN_LABEL = 'wandb-run-id';

const jobSchema = z.object({
  name: z.string().regex(/\/customJobs\/[^/]+$/, { error: 'projects/P/locations/R/customJobs/ID' }),
  displayName: z.string().default(''),
  state: z.string(),
  createTime: time,
  startTime: time,
  endTime: time,
  error: z.object({ message: z.string().optional() }).optional(),
  labels: z.record(z.string(), z.string()).default({}),
});
type CustomJob = z.infer<typeof jobSchema>;

/** Strict: an answer of another form must not pass for an empty list. */
const pageSchema = z.strictObject({
  customJobs: z.array(jobSchema).default([]),
  nextPageToken: z.string().optional(),
});

export function openCustomJobs({ options, logs }: ReaderTools): TableReader {
  const { project } = options;
  const apiIn = (region: string) => googleApi('aiplatform', options, { region });
  const pathOf = (place: string) => `/v1/projects/${project}/locations/${place}/customJobs`;

  return {
    listOperation: 'customJobs.list',
    logOperation: LOG_OPERATION,

    list(place, now, limits) {
      const states = LIVE.map((state) => `state="JOB_STATE_${state}"`).join(' OR ');
      return listNewest(
        apiIn(place),
        {
          operation: 'customJobs.list',
          path: pathOf(place),
          query: {
            pageSize: PAGE_SIZE,
            filter: `${states} OR create_time>"${addMs(now, -WINDOW_MS).toISOString()}"`,
            fields: `nextPageToken,customJobs(${FIELDS})`,
          },
          region: place,
          permission: 'aiplatform.customJobs.list',
          schema: pageSchema,
          listedOf: ({ customJobs }) => customJobs.map((job) => listedJob(job, place, project)),
        },
        limits,
      );
    },

    async get({ id, region }, limits) {
      const job = await orGone(
        apiIn(region).get(
          {
            operation: `customJobs.get of ${id}`,
            path: `${pathOf(region)}/${id}`,
            query: { fields: FIELDS },
            region,
            permission: 'aiplatform.customJobs.get',
            // The answer has to be about the job that was asked about.
            schema: jobSchema.refine((it) => idOf(it) === id, {
              path: ['name'],
              message: 'Another job',
              params: { expected: id },
            }),
            onStage: limits.onStage,
          },
          limits,
        ),
      );
      return job && listedJob(job, region, project);
    },

    async linesOf({ id, createdAt }, limits) {
      const terms = [
        'resource.type="ml_job"',
        `resource.labels.job_id=${quotedTerm(id)}`,
        ...(createdAt ? [`timestamp>="${createdAt.toISOString()}"`] : []),
      ];
      return linesIn(await logs.newest(terms, limits));
    },
  };
}

function idOf({ name }: CustomJob): string {
  return name.slice(name.lastIndexOf('/') + 1);
}

function listedJob(job: CustomJob, place: string, project: string): Listed {
  const { unreadable, ...times } = timesOf(job.createTime, job.startTime, job.endTime);
  const id = idOf(job);
  return {
    seen: {
      id,
      region: place,
      name: job.displayName || id,
      job: null,
      state: CUSTOM_JOB_STATES.get(job.state) ?? 'unknown',
      said: `${job.state}${unreadable}`,
      ...times,
      wandbRun: job.labels[RUN_LABEL] ?? null,
      link: `https://console.cloud.google.com/vertex-ai/locations/${place}/training/${id}/cpu?project=${project}`,
    },
    resource: job.name,
    said: {
      condition: job.state,
      exit: null,
      errorMessage: job.error?.message ?? null,
      failureInfo: null,
    },
  };
}

import { z } from 'zod';
import type { BackendSettings, Truth } from '../model/backend.ts';
import { errorOf, patiently, time } from './google-jobs.ts';
import { type Platform, type Said, unknown } from './inquiry.ts';
import { type Resource, readResource } from './resource-name.ts';
import { type ApiOptions, restApi } from './rest.ts';
import { vertexList } from './vertex-list.ts';

/**
 * Vertex AI custom jobs, customJobs.get and customJobs.list
 * (https://cloud.google.com/vertex-ai/docs/reference/rest/v1/projects.locations.customJobs): each region has an address of
 * its own.
 */

/** https://cloud.google.com/vertex-ai/docs/reference/rest/v1/JobState; whatever has not ended counts as running. */
const STATES = new Map<string, Truth['state']>(
  Object.entries({
    JOB_STATE_QUEUED: 'queued',
    JOB_STATE_PENDING: 'queued',
    JOB_STATE_RUNNING: 'running',
    JOB_STATE_UPDATING: 'running',
    JOB_STATE_PAUSED: 'running',
    JOB_STATE_CANCELLING: 'running',
    JOB_STATE_SUCCEEDED: 'completed',
    JOB_STATE_PARTIALLY_SUCCEEDED: 'completed',
    JOB_STATE_FAILED: 'failed',
    JOB_STATE_EXPIRED: 'failed',
    JOB_STATE_CANCELLED: 'cancelled',
  }),
);

/** The vendor tells no limit; a service that has one answers with shorter pages (https://google.aip.dev/158). */
const PAGE_SIZE = 100;
const FIELDS = 'name,state,startTime,endTime,error(message)';

const jobSchema = z.object({
  name: z.string().regex(/\/customJobs\/[^/]+$/, { error: 'projects/P/locations/R/customJobs/ID' }),
  state: z.string(),
  startTime: time.optional(),
  endTime: time.optional(),
  error: z.object({ message: z.string().optional() }).optional(),
});
type CustomJob = z.infer<typeof jobSchema>;

/** Strict, for an answer of another form must not pass for an empty list. */
const pageSchema = z.strictObject({
  customJobs: z.array(jobSchema).default([]),
  nextPageToken: z.string().optional(),
});

/** The answer has to be about the job that was asked after. */
const jobOf = (id: string) =>
  jobSchema.refine((job) => idOf(job) === id, {
    path: ['name'],
    message: 'Another job',
    params: { expected: id },
  });

/** The custom jobs of one project, in one region unless their names tell another one. */
export function vertexJobs(
  { region }: Extract<BackendSettings, { kind: 'vertex-ai' }>,
  options: ApiOptions,
): Platform<Resource> {
  const { project } = options;
  const apiOf = (place: Resource) =>
    restApi('Vertex AI', `https://${place.region}-aiplatform.googleapis.com`, {
      ...patiently(options),
      project: place.project,
    });
  const pathOf = (place: Resource) => `/v1/projects/${place.project}/locations/${place.region}/customJobs`;

  return {
    form: `projects/P/locations/R/customJobs/ID${region ? ', or ID' : ''}`,
    read: (id) => readResource(id, ['customJobs'], { project, region }),

    async ask(job, limits) {
      const [id = ''] = job.ids;
      const answer = await apiOf(job).get(
        {
          operation: `customJobs.get of ${id}`,
          path: `${pathOf(job)}/${id}`,
          query: { fields: FIELDS },
          region: job.region,
          permission: 'aiplatform.customJobs.get',
          schema: jobOf(id),
        },
        limits,
      );
      return saidOf(answer);
    },

    list: vertexList(async (place, { number, token }, limits) => {
      const { customJobs, nextPageToken } = await apiOf(place).get(
        {
          operation: `customJobs.list, page ${number},`,
          path: pathOf(place),
          query: { pageSize: PAGE_SIZE, pageToken: token, fields: `nextPageToken,customJobs(${FIELDS})` },
          region: place.region,
          permission: 'aiplatform.customJobs.list',
          schema: pageSchema,
        },
        limits,
      );
      return { jobs: customJobs.map((job) => [idOf(job), saidOf(job)]), next: nextPageToken };
    }),
  };
}

function idOf({ name }: CustomJob): string {
  return name.slice(name.lastIndexOf('/') + 1);
}

function saidOf({ state: word, startTime, endTime, error }: CustomJob): Said {
  const state = STATES.get(word);
  if (!state) return unknown(`Vertex AI says ${word}`);
  const ended = state !== 'queued' && state !== 'running';
  return {
    state,
    startedAt: startTime ?? null,
    endedAt: (ended && endTime) || null,
    error: state === 'failed' ? errorOf(error?.message) : null,
    said: `Vertex AI says ${word}`,
  };
}

import { z } from 'zod';
import { GOOGLE_APIS } from '../../../model/google-apis.ts';
import type { SettingsOf } from '../../../model/job/backend.ts';
import type { JobState } from '../../../model/job/states.ts';
import { parseWithProblems } from '../../../problems.ts';
import { googleApi } from '../../rest/google-api.ts';
import { plain } from '../../rest/google-error.ts';
import type { ApiOptions } from '../../rest/rest.ts';
import { type Backend, type BackendTools, backendOf } from '../backend.ts';
import type { BackendAdapter } from '../backend-client.ts';
import { patiently, time, whyFailed } from '../google-jobs.ts';
import { homeOf, type Resource, readResource } from '../resource-name.ts';
import { type BackendStatus, statusOf, timeAt, unknown } from '../status.ts';
import { vertexList } from './vertex-list.ts';

/**
 * Vertex AI custom jobs, customJobs.get and customJobs.list
 * (https://cloud.google.com/vertex-ai/docs/reference/rest/v1/projects.locations.customJobs): each region has an address of
 * its own.
 */

/** https://cloud.google.com/vertex-ai/docs/reference/rest/v1/JobState. A job that is updated or being cancelled still runs. */
export const CUSTOM_JOB_STATES = new Map<string, JobState>(
  Object.entries({
    JOB_STATE_QUEUED: 'queued',
    JOB_STATE_PENDING: 'queued',
    JOB_STATE_RUNNING: 'running',
    JOB_STATE_UPDATING: 'running',
    JOB_STATE_PAUSED: 'suspended',
    JOB_STATE_CANCELLING: 'running',
    JOB_STATE_SUCCEEDED: 'completed',
    JOB_STATE_PARTIALLY_SUCCEEDED: 'completed',
    JOB_STATE_FAILED: 'failed',
    JOB_STATE_EXPIRED: 'failed',
    JOB_STATE_CANCELLED: 'cancelled',
  }),
);

/** The largest page is not documented; a service answers with its largest where more is asked (https://google.aip.dev/158). */
const PAGE_SIZE = 100;
const FIELDS = 'name,state,startTime,endTime,error(message)';

const jobSchema = z.object({
  name: z.string().regex(/\/customJobs\/[^/]+$/, { error: 'projects/P/locations/R/customJobs/ID' }),
  state: z.string(),
  startTime: time,
  endTime: time,
  error: z.object({ message: z.string().optional() }).optional(),
});
type CustomJob = z.infer<typeof jobSchema>;

/** Strict: an answer of another form must not pass for an empty list. */
const pageSchema = z.strictObject({
  customJobs: z.array(z.unknown()).default([]),
  nextPageToken: z.string().optional(),
});

/** The answer has to be about the job that was asked about. */
const jobOf = (id: string) =>
  jobSchema.refine((job) => idOf(job) === id, {
    path: ['name'],
    message: 'Another job',
    params: { expected: id },
  });

export function openVertexAi(settings: SettingsOf<'vertex-ai'>, { apiOf }: BackendTools): Backend {
  const options = apiOf('aiplatform', settings);
  return backendOf(GOOGLE_APIS.aiplatform.name, [settings, options.project], () =>
    vertexJobs(settings, options),
  );
}

/** The custom jobs of one project, in one region unless their names name another. */
export function vertexJobs(settings: SettingsOf<'vertex-ai'>, options: ApiOptions): BackendAdapter<Resource> {
  const home = homeOf(settings, options.project);
  const apiOf = (place: Resource) =>
    googleApi('aiplatform', { ...patiently(options), project: place.project }, { region: place.region });
  const pathOf = (place: Resource) => `/v1/projects/${place.project}/locations/${place.region}/customJobs`;

  return {
    form: `projects/P/locations/R/customJobs/ID${home.region ? ', or ID' : ''}`,
    read: (id) => readResource(id, ['customJobs'], home),
    placed: ({ placed }) => placed,

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
      return readJob(answer);
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
      return { jobs: customJobs.flatMap(readListed), next: nextPageToken };
    }),
  };
}

/** Reads a job of a list. One of another form is unknown; without a readable name it is left out, and asked about by itself. */
function readListed(listed: unknown): [id: string, said: BackendStatus][] {
  const parsed = parseWithProblems(jobSchema, listed);
  if (parsed.ok) return [[idOf(parsed.value), readJob(parsed.value)]];
  const named = jobSchema.pick({ name: true }).safeParse(listed);
  const [{ path, message } = { path: '', message: '' }] = parsed.problems;
  const words = `Cannot read what the list of Vertex AI says: ${path}: ${plain(message)}`;
  return named.success ? [[idOf(named.data), unknown(words)]] : [];
}

function idOf({ name }: Pick<CustomJob, 'name'>): string {
  return name.slice(name.lastIndexOf('/') + 1);
}

function readJob({ state: word, startTime, endTime, error }: CustomJob): BackendStatus {
  const said = `Vertex AI says ${word}`;
  const state = CUSTOM_JOB_STATES.get(word);
  if (!state) return unknown(said);
  return statusOf({
    state,
    startedAt: timeAt('startTime', startTime),
    endedAt: timeAt('endTime', endTime),
    error: whyFailed(error?.message),
    said,
  });
}

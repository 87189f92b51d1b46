import { z } from 'zod';
import { GOOGLE_APIS } from '../../../model/google-apis.ts';
import type { SettingsOf } from '../../../model/job/backend.ts';
import type { JobState } from '../../../model/job/states.ts';
import { googleApi } from '../../rest/google-api.ts';
import type { ApiOptions } from '../../rest/rest.ts';
import { type Backend, type BackendTools, backendOf } from '../backend.ts';
import type { BackendAdapter } from '../backend-client.ts';
import { patiently, time, whyFailed } from '../google-jobs.ts';
import { homeOf, type Resource, readResource } from '../resource-name.ts';
import { statusOf, timeAt, unknown } from '../status.ts';

/** Cloud Build, builds.get (https://cloud.google.com/build/docs/api/reference/rest/v1/projects.locations.builds). */

/** https://cloud.google.com/build/docs/api/reference/rest/v1/projects.builds#status */
export const BUILD_STATES = new Map<string, JobState>(
  Object.entries({
    PENDING: 'queued',
    QUEUED: 'queued',
    WORKING: 'running',
    SUCCESS: 'completed',
    FAILURE: 'failed',
    INTERNAL_ERROR: 'failed',
    TIMEOUT: 'failed',
    EXPIRED: 'failed',
    CANCELLED: 'cancelled',
  }),
);

const FIELDS = 'id,status,statusDetail,startTime,finishTime,failureInfo(detail)';

/** The answer has to be about the build that was asked about. */
const buildOf = (id: string) =>
  z.object({
    id: z.literal(id),
    status: z.string(),
    statusDetail: z.string().optional(),
    startTime: time,
    finishTime: time,
    failureInfo: z.object({ detail: z.string().optional() }).default({}),
  });

export function openCloudBuild(settings: SettingsOf<'cloud-build'>, { apiOf }: BackendTools): Backend {
  const options = apiOf('cloudbuild', settings);
  return backendOf(GOOGLE_APIS.cloudbuild.name, [settings, options.project], () =>
    cloudBuilds(settings, options),
  );
}

/** The builds of one project, in one region unless their names name another. */
export function cloudBuilds(
  settings: SettingsOf<'cloud-build'>,
  options: ApiOptions,
): BackendAdapter<Resource> {
  const home = homeOf(settings, options.project, 'global');
  return {
    form: 'projects/P/locations/R/builds/ID, or ID',
    read: (id) => readResource(id, ['builds'], home),
    placed: ({ placed }) => placed,
    async ask(build, limits) {
      const [id = ''] = build.ids;
      const api = googleApi('cloudbuild', {
        ...patiently(options),
        project: build.project,
      });
      const { status, ...said } = await api.get(
        {
          operation: `builds.get of ${id}`,
          path: `/v1/projects/${build.project}/locations/${build.region}/builds/${id}`,
          query: { fields: FIELDS },
          region: build.region,
          permission: 'cloudbuild.builds.get',
          schema: buildOf(id),
        },
        limits,
      );
      const words = `Cloud Build says ${status}`;
      const state = BUILD_STATES.get(status);
      if (!state) return unknown(words);
      return statusOf({
        state,
        startedAt: timeAt('startTime', said.startTime),
        endedAt: timeAt('finishTime', said.finishTime),
        error: whyFailed(said.failureInfo.detail ?? said.statusDetail),
        said: words,
      });
    },
  };
}

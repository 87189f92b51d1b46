import { z } from 'zod';
import type { BackendSettings, Truth } from '../model/backend.ts';
import { errorOf, patiently, time } from './google-jobs.ts';
import { type Platform, unknown } from './inquiry.ts';
import { type Resource, readResource } from './resource-name.ts';
import { type ApiOptions, restApi } from './rest.ts';

/** Cloud Build, builds.get (https://cloud.google.com/build/docs/api/reference/rest/v1/projects.locations.builds). */

const STATES = new Map<string, Truth['state']>(
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

/** The answer has to be about the build that was asked after. */
const buildOf = (id: string) =>
  z.object({
    id: z.literal(id),
    status: z.string(),
    statusDetail: z.string().optional(),
    startTime: time.optional(),
    finishTime: time.optional(),
    failureInfo: z.object({ detail: z.string().optional() }).default({}),
  });

/** The builds of one project, in one region unless their names tell another one. */
export function cloudBuilds(
  { region = 'global' }: Extract<BackendSettings, { kind: 'cloud-build' }>,
  options: ApiOptions,
): Platform<Resource> {
  const { project } = options;
  return {
    form: 'projects/P/locations/R/builds/ID, or ID',
    read: (id) => readResource(id, ['builds'], { project, region }),
    async ask(build, limits) {
      const [id = ''] = build.ids;
      const api = restApi('Cloud Build', 'https://cloudbuild.googleapis.com', {
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
      const state = STATES.get(status);
      if (!state) return unknown(words);
      return {
        state,
        startedAt: said.startTime ?? null,
        endedAt: said.finishTime ?? null,
        error: state === 'failed' ? errorOf(said.failureInfo.detail ?? said.statusDetail) : null,
        said: words,
      };
    },
  };
}

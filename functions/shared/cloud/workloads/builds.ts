import { z } from 'zod';
import { addMs, DAY_MS } from '../../dates.ts';
import { BUILD_STATES } from '../backends/cloud-build/cloud-builds.ts';
import { time } from '../backends/google-jobs.ts';
import { googleApi } from '../rest/google-api.ts';
import { LOG_OPERATION, linesIn, quotedTerm } from './log-lines.ts';
import { consoleLink, listNewest, orGone, type ReaderTools, timesOf } from './reader-tools.ts';
import type { Listed, TableReader } from './table-reader.ts';

/** Cloud Build, builds.list and builds.get (https://cloud.google.com/build/docs/api/reference/rest/v1/projects.locations.builds). */

const PAGE_SIZE = 100;
/** A build that ended longer ago is not listed. */
const WINDOW_MS = DAY_MS;
/** Not the steps: they are large, and their arguments may hold secrets. */
const FIELDS =
  'id,name,status,statusDetail,createTime,startTime,finishTime,failureInfo(type,detail),images,tags,logUrl';

const buildSchema = z.object({
  id: z.string().min(1),
  name: z.string().optional(),
  status: z.string(),
  statusDetail: z.string().optional(),
  createTime: time,
  startTime: time,
  finishTime: time,
  failureInfo: z.object({ type: z.string().optional(), detail: z.string().optional() }).optional(),
  images: z.array(z.string()).default([]),
  tags: z.array(z.string()).default([]),
  logUrl: z.string().optional(),
});
type Build = z.infer<typeof buildSchema>;

/** Strict: an answer of another form must not pass for an empty list. */
const pageSchema = z.strictObject({
  builds: z.array(buildSchema).default([]),
  nextPageToken: z.string().optional(),
});

export function openBuilds({ options, logs }: ReaderTools): TableReader {
  const { project } = options;
  const api = googleApi('cloudbuild', options);
  const pathOf = (place: string) => `/v1/projects/${project}/locations/${place}/builds`;

  return {
    listOperation: 'builds.list',
    logOperation: LOG_OPERATION,

    list(place, now, limits) {
      const since = addMs(now, -WINDOW_MS).toISOString();
      return listNewest(
        api,
        {
          operation: 'builds.list',
          path: pathOf(place),
          query: {
            pageSize: PAGE_SIZE,
            filter: `status="WORKING" OR status="QUEUED" OR status="PENDING" OR finish_time>"${since}"`,
            fields: `nextPageToken,builds(${FIELDS})`,
          },
          region: place,
          permission: 'cloudbuild.builds.list',
          schema: pageSchema,
          listedOf: ({ builds }) => builds.map((build) => listedBuild(build, place)),
        },
        limits,
      );
    },

    async get(row, limits) {
      const build = await orGone(
        api.get(
          {
            operation: `builds.get of ${row.id}`,
            path: `${pathOf(row.region)}/${row.id}`,
            query: { fields: FIELDS },
            region: row.region,
            permission: 'cloudbuild.builds.get',
            schema: buildSchema.extend({ id: z.literal(row.id) }),
            onStage: limits.onStage,
          },
          limits,
        ),
      );
      return build && listedBuild(build, row.region);
    },

    async linesOf({ id, createdAt }, limits) {
      const terms = [
        `logName=${quotedTerm(`projects/${project}/logs/cloudbuild`)}`,
        'resource.type="build"',
        `resource.labels.build_id=${quotedTerm(id)}`,
        ...(createdAt ? [`timestamp>="${createdAt.toISOString()}"`] : []),
      ];
      return linesIn(await logs.newest(terms, limits));
    },
  };
}

function listedBuild(build: Build, place: string): Listed {
  const { id, name = null, status, statusDetail, failureInfo, logUrl } = build;
  const { unreadable, ...times } = timesOf(build.createTime, build.startTime, build.finishTime);
  const state = BUILD_STATES.get(status) ?? 'unknown';
  return {
    seen: {
      id,
      region: place,
      name: nameOf(build),
      job: null,
      state,
      said: `${status}${unreadable}`,
      ...times,
      link: consoleLink(logUrl),
    },
    resource: name,
    said: {
      condition: [status, statusDetail].filter(Boolean).join(': '),
      exit: null,
      errorMessage: null,
      failureInfo: failureInfo ? [failureInfo.type, failureInfo.detail].filter(Boolean).join(': ') : null,
    },
  };
}

/** What it makes: the first image without its registry, else its first tag. */
function nameOf({ id, images: [image], tags: [tag] }: Build): string {
  return image?.split('/').at(-1) || tag || `build ${id.slice(0, 8)}`;
}

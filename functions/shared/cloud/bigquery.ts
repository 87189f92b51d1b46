import { z } from 'zod';
import { HOUR_MS } from '../dates.ts';
import { googleApi } from './rest/google-api.ts';
import type { ApiOptions, Limits } from './rest/rest.ts';

/** BigQuery, jobs.list (https://docs.cloud.google.com/bigquery/docs/reference/rest/v2/jobs/list). */

/** A job that has ended. */
export interface EndedJob {
  id: string;
  /** Such as `US` or `europe-west4`. */
  location: string | null;
  createdAt: Date;
  endedAt: Date;
  failed: boolean;
  /** Why it failed, in Google's word, such as `invalidQuery`; `stopped` is a job that a user cancelled. */
  reason: string | null;
}

export interface EndedJobs {
  jobs: EndedJob[];
  /** Locations that BigQuery could not reach: their jobs are not in the list. */
  missing: string[];
}

/**
 * The list can be limited only by the creation of jobs. A job may wait 24 hours for a slot, and a script may run for 24 more:
 * so a job that ended in an interval was created at most so many hours before it.
 */
const LOOK_BACK_HOURS = 48;
const PAGE_SIZE = 1_000;
/** Two million jobs in three days are more than any quota lets a project run. */
const MAX_PAGES = 2_000;

/** Milliseconds since the epoch, as text. */
const instant = z
  .string()
  .regex(/^\d+$/, { error: 'milliseconds as text' })
  .transform((text) => new Date(Number(text)));

const pageSchema = z.object({
  jobs: z
    .array(
      z.object({
        jobReference: z.object({ jobId: z.string(), location: z.string().optional() }),
        errorResult: z.object({ reason: z.string().optional() }).optional(),
        statistics: z.object({ creationTime: instant, endTime: instant }),
      }),
    )
    .default([]),
  nextPageToken: z.string().optional(),
  unreachable: z.array(z.string()).default([]),
});

/** The fields of each job that are asked for: not the text of its query. */
const FIELDS =
  'nextPageToken,unreachable,jobs(jobReference(jobId,location),errorResult(reason),statistics(creationTime,endTime))';

/** BigQuery of one project. */
export interface BigQuery {
  /**
   * Returns every job of every user that ended in [from, to), whenever it was created; jobs inside a script are not listed.
   * Rejects as `get` of RestApi does.
   */
  endedJobs(from: Date, to: Date, limits: Limits): Promise<EndedJobs>;
}

export function bigquery(options: ApiOptions): BigQuery {
  const api = googleApi('bigquery', options);

  return {
    async endedJobs(from, to, limits) {
      const jobs: EndedJob[] = [];
      const missing = new Set<string>();
      await api.list(
        {
          operation: 'jobs.list',
          path: `/bigquery/v2/projects/${options.project}/jobs`,
          query: {
            allUsers: true,
            // Jobs that still run have no end.
            stateFilter: 'done',
            projection: 'minimal',
            minCreationTime: from.getTime() - LOOK_BACK_HOURS * HOUR_MS,
            // The limit is inclusive.
            maxCreationTime: to.getTime() - 1,
            maxResults: PAGE_SIZE,
            fields: FIELDS,
          },
          schema: pageSchema,
          // With bigquery.jobs.list alone, the jobs of others come redacted.
          permission: 'bigquery.jobs.listAll',
          tokenParameter: 'pageToken',
          nextToken: (page) => page.nextPageToken,
          maxPages: MAX_PAGES,
        },
        limits,
        (page) => {
          for (const region of page.unreachable) missing.add(region);
          for (const { jobReference, errorResult, statistics } of page.jobs) {
            const { creationTime: createdAt, endTime: endedAt } = statistics;
            if (endedAt < from || endedAt >= to) continue;
            jobs.push({
              id: jobReference.jobId,
              location: jobReference.location ?? null,
              createdAt,
              endedAt,
              failed: errorResult !== undefined,
              reason: errorResult?.reason ?? null,
            });
          }
        },
      );
      return { jobs, missing: [...missing].sort() };
    },
  };
}

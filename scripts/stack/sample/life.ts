import type { BigQueryJob, RunRequests } from '../stand-ins/google/world.ts';
import { queriesWithin } from './bigquery.ts';
import type { Change, Span } from './changes.ts';
import { requestsWithin } from './cloud-run.ts';
import { etlRunsWithin } from './etl.ts';
import type { SampleJob, SampleRecord } from './job.ts';
import { jobsWithin } from './jobs.ts';

/** What begins, changes and ends on the sample platform within a span of time. */
export interface Life {
  jobs: Change<SampleJob>[];
  etlRuns: Change<SampleRecord>[];
  queries: Change<BigQueryJob>[];
  requests: RunRequests[];
}

/**
 * The life of the sample platform that was made at `made`, within a span after that; the same for the same instants, and
 * in several spans what it is in one. Sizes are not among it: they are settled ahead.
 */
export function lifeWithin(span: Span, { made, project }: { made: Date; project: string }): Life {
  return {
    jobs: jobsWithin(span, made),
    etlRuns: etlRunsWithin(span, made),
    queries: queriesWithin(span, project),
    requests: requestsWithin(span),
  };
}

import type { ListMethod } from './method.ts';
import { parameter } from './method.ts';
import { invalid, problemOf } from './problem.ts';
import type { BigQueryJob } from './world.ts';

const STATES = ['done', 'pending', 'running'];

/**
 * jobs.list of BigQuery v2, as its discovery document describes it (https://bigquery.googleapis.com/discovery/v1/apis/bigquery/v2/rest,
 * schema JobList): times are milliseconds as text, newest creation first, and a list without jobs has no `jobs` at all.
 */
export const jobsList: ListMethod = {
  api: 'bigquery',
  name: 'jobs.list',
  path: /^\/bigquery\/v2\/projects\/(?<project>[^/]+)\/jobs$/,
  permission: 'bigquery.jobs.listAll',
  denied: (project, permission) => {
    const message = `Access Denied: Project ${project}: User does not have ${permission} permission in project ${project}.`;
    return problemOf(403, message, { errors: [{ message, domain: 'global', reason: 'accessDenied' }] });
  },
  sizeParameter: 'maxResults',
  tokenParameter: 'pageToken',
  list({ project, bigquery }, query) {
    const states = query.getAll('stateFilter').map((state) => state.toLowerCase());
    if (states.some((state) => !STATES.includes(state)))
      throw invalid(`Invalid value for stateFilter: ${states}`);
    const from = millis(query, 'minCreationTime', 0);
    const to = millis(query, 'maxCreationTime', Number.MAX_SAFE_INTEGER);
    // Without allUsers only the caller's own jobs are listed, and the caller, a service account, has none here.
    const visible = parameter(query, 'allUsers') === 'true' ? bigquery.jobs : [];
    const items = visible
      .filter(({ createdAt }) => createdAt.getTime() >= from && createdAt.getTime() <= to)
      .filter((job) => states.length === 0 || states.includes(stateOf(job)))
      .sort((a, b) => b.createdAt.getTime() - a.createdAt.getTime())
      .map((job) => resourceOf(job, project, parameter(query, 'projection') === 'full'));
    return {
      items,
      defaultSize: 50,
      body: (jobs, nextPageToken) => ({
        kind: 'bigquery#jobList',
        etag: `"${jobs.length}-${items.length}"`,
        ...(nextPageToken && { nextPageToken }),
        ...(jobs.length > 0 && { jobs }),
      }),
    };
  },
};

function stateOf({ startedAt, endedAt }: BigQueryJob): string {
  return endedAt ? 'done' : startedAt ? 'running' : 'pending';
}

function resourceOf(job: BigQueryJob, project: string, full: boolean): object {
  const { id, location, error, createdAt, startedAt, endedAt } = job;
  const state = stateOf(job).toUpperCase();
  const time = (at: Date | null) => at && String(at.getTime());
  return {
    kind: 'bigquery#job',
    id: `${project}:${location}.${id}`,
    jobReference: { projectId: project, jobId: id, location },
    state,
    statistics: {
      creationTime: time(createdAt),
      ...(startedAt && { startTime: time(startedAt) }),
      ...(endedAt && { endTime: time(endedAt) }),
    },
    ...(error && { errorResult: error }),
    ...(full && {
      configuration: { jobType: 'QUERY', query: { query: 'SELECT 1', useLegacySql: false } },
      status: { state, ...(error && { errorResult: error, errors: [error] }) },
      user_email: job.user,
    }),
  };
}

function millis(query: URLSearchParams, name: string, otherwise: number): number {
  const text = parameter(query, name);
  if (text === undefined) return otherwise;
  if (!/^\d+$/.test(text)) throw invalid(`Invalid value at '${name}' (TYPE_UINT64), "${text}"`);
  return Number(text);
}

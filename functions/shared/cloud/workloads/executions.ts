import { z } from 'zod';
import { addMs, DAY_MS } from '../../dates.ts';
import type { Row } from '../../model/workload/row.ts';
import type { TableSettings } from '../../model/workload/tables.ts';
import {
  completedOf,
  EXECUTION_FIELDS,
  type Execution,
  executionSchema,
  executionState,
} from '../backends/cloud-run/execution.ts';
import { googleApi } from '../rest/google-api.ts';
import { anyOf, LOG_OPERATION, type LogEntry, linesIn, quotedTerm } from './log-lines.ts';
import { listNewest, orGone, type ReaderTools, timesOf } from './reader-tools.ts';
import type { Listed, TableReader } from './table-reader.ts';

/**
 * Executions of a Cloud Run job, executions.list and executions.get of v2
 * (https://docs.cloud.google.com/run/docs/reference/rest/v2/projects.locations.jobs.executions). The list has no filter; its
 * newest come first, so one page is enough: an older one that still runs is asked about by name.
 */

const PAGE_SIZE = 30;
/** One that ended longer ago is not listed: its log is gone soon. */
const WINDOW_MS = 14 * DAY_MS;
/** What a runner says of a job that came to nothing. */
const LAUNCH_FAILED = 'launch: Error running job';
/** An execution's name, in the labels of its log. */
const NAME_LABEL = 'run.googleapis.com/execution_name';

const rowSchema = executionSchema.extend({
  name: z.string().regex(/\/jobs\/[^/]+\/executions\/[^/]+$/, { error: '.../jobs/J/executions/E' }),
  uid: z.string().min(1),
});

/** Strict: an answer of another form must not pass for an empty list. */
const pageSchema = z.strictObject({
  executions: z.array(rowSchema).default([]),
  nextPageToken: z.string().optional(),
});

export function openExecutions(
  { job, own }: TableSettings<'runner'>,
  { options, logs }: ReaderTools,
): TableReader {
  const { project } = options;
  const api = googleApi('run', options);
  const pathOf = (place: string, ofJob: string) =>
    `/v2/projects/${project}/locations/${place}/jobs/${ofJob}/executions`;

  return {
    listOperation: 'executions.list',
    logOperation: LOG_OPERATION,

    async list(place, now, limits) {
      const oldest = addMs(now, -WINDOW_MS);
      const asked = listNewest(
        api,
        {
          operation: 'executions.list',
          path: pathOf(place, job),
          query: { pageSize: PAGE_SIZE, fields: `nextPageToken,executions(${EXECUTION_FIELDS})` },
          region: place,
          permission: 'run.executions.list',
          schema: pageSchema,
          listedOf: ({ executions }) =>
            executions.map((execution) => listedExecution(execution, place, project)),
          enough: 1,
        },
        limits,
      );
      // A region in which there is no such job has no execution of it.
      const { listed, more } = (await orGone(asked)) ?? { listed: [], more: false };
      const recent = listed.filter(({ seen: { endedAt } }) => endedAt === null || endedAt > oldest);
      return { listed: recent, more: more && recent.length === listed.length };
    },

    async get(row, limits) {
      const execution = await orGone(
        api.get(
          {
            operation: `executions.get of ${row.name}`,
            path: `${pathOf(row.region, row.job ?? job)}/${row.name}`,
            query: { fields: EXECUTION_FIELDS },
            region: row.region,
            permission: 'run.executions.get',
            schema: rowSchema,
            onStage: limits.onStage,
          },
          limits,
        ),
      );
      // Another one of the same name is not the one that was meant, which is gone then.
      return execution?.uid === row.id ? listedExecution(execution, row.region, project) : null;
    },

    async linesOf(row, limits) {
      const entries = await logs.newest(
        [...termsOf([row]), `labels.${quotedTerm(NAME_LABEL)}=${anyOf([row.name])}`],
        limits,
      );
      return linesIn(lastAttempts(entries));
    },

    async countersOf(rows, limits) {
      const names = rows.map(({ name }) => name);
      const terms = [
        ...termsOf(rows),
        `labels.${quotedTerm(NAME_LABEL)}=${anyOf(names)}`,
        `textPayload:${anyOf([own.counter, LAUNCH_FAILED])}`,
      ];
      const entries = await logs.newest(terms, limits);
      const byName = Map.groupBy(entries, ({ labels }) => labels[NAME_LABEL]);
      return new Map(rows.map(({ id, name }) => [id, linesIn(byName.get(name) ?? [])]));
    },
  };
}

/** What the entries of some executions have in common. Those of audit logs are not the job's own. */
function termsOf(rows: readonly Row[]): string[] {
  const created = rows.flatMap(({ createdAt }) => createdAt ?? []).map((at) => at.getTime());
  return [
    'resource.type="cloud_run_job"',
    `resource.labels.location=${anyOf(rows.map(({ region }) => region))}`,
    'NOT logName:"cloudaudit.googleapis.com"',
    ...(created.length === rows.length
      ? [`timestamp>="${new Date(Math.min(...created)).toISOString()}"`]
      : []),
  ];
}

/** Of each task the entries of its last attempt: what an earlier one met was tried again. */
function lastAttempts(entries: readonly LogEntry[]): LogEntry[] {
  const taskOf = ({ labels }: LogEntry) => labels['run.googleapis.com/task_index'] ?? '';
  const attemptOf = ({ labels }: LogEntry) => Number(labels['run.googleapis.com/task_attempt'] ?? 0);
  const last = new Map<string, number>();
  for (const entry of entries)
    last.set(taskOf(entry), Math.max(last.get(taskOf(entry)) ?? 0, attemptOf(entry)));
  return entries.filter((entry) => attemptOf(entry) === last.get(taskOf(entry)));
}

function listedExecution(execution: Execution, place: string, project: string): Listed {
  const [job = '', , name = ''] = execution.name.split('/').slice(-3);
  const { state: word = 'no state', executionReason, message } = completedOf(execution);
  const { unreadable, ...times } = timesOf(
    execution.createTime,
    execution.startTime,
    execution.completionTime,
  );
  const begun = times.startedAt !== null || execution.runningCount > 0;
  const said = executionReason ? `${word} (${executionReason})` : word;
  return {
    seen: {
      id: execution.uid,
      region: place,
      name,
      job,
      state: executionState(word, executionReason, { begun }) ?? 'unknown',
      said: `${said}${unreadable}`,
      ...times,
      link: `https://console.cloud.google.com/run/jobs/executions/details/${place}/${name}?project=${project}`,
    },
    resource: execution.name,
    said: {
      condition: conditionOf(executionReason, message),
      exit: null,
      errorMessage: null,
      failureInfo: null,
    },
  };
}

/** What the condition says, without the word that says no more than that it failed. */
function conditionOf(reason: string | undefined, message: string | undefined): string | null {
  const parts = reason === 'NON_ZERO_EXIT_CODE' && message ? [message] : [reason, message];
  return parts.filter(Boolean).join(': ') || null;
}

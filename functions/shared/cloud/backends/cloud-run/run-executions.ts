import { SECOND_MS } from '../../../dates.ts';
import { DeadlineExceeded, UpstreamError } from '../../../errors.ts';
import { GOOGLE_APIS } from '../../../model/google-apis.ts';
import type { SettingsOf } from '../../../model/job/backend.ts';
import { isTerminal } from '../../../model/job/job.ts';
import { orNull } from '../../../model/reading/reading.ts';
import { circuitBreaker } from '../../rest/circuit.ts';
import { googleApi } from '../../rest/google-api.ts';
import { plain } from '../../rest/google-error.ts';
import type { ApiOptions, Limits } from '../../rest/rest.ts';
import { type Backend, type BackendTools, backendOf, type KeptLogs } from '../backend.ts';
import type { BackendAdapter } from '../backend-client.ts';
import { patiently, whyFailed } from '../google-jobs.ts';
import { homeOf, type Resource, readResource } from '../resource-name.ts';
import { type BackendStatus, statusOf, timeAt, unknown } from '../status.ts';
import {
  completedOf,
  EXECUTION_FIELDS,
  type Execution,
  executionSchema,
  executionState,
} from './execution.ts';
import { type LoggedExecution, type RunLogs, runLogs } from './run-logs.ts';

/** Cloud Run jobs, by executions.get of v2. */

/** The time for the log of one execution, and how many may fail in a row. Verdicts do not depend on logs. */
const LOG_MS = 5 * SECOND_MS;
const LOGS_IN_A_ROW = 5;

const executionOf = (id: string) =>
  executionSchema.refine(({ name }) => name.endsWith(`/executions/${id}`), {
    path: ['name'],
    message: 'Another execution',
    params: { expected: id },
  });

export function openCloudRun(settings: SettingsOf<'cloud-run'>, { apiOf, keptLogs }: BackendTools): Backend {
  const options = apiOf('run', settings);
  const logs = runLogs(apiOf('logging', settings));
  return backendOf(GOOGLE_APIS.run.name, [settings, options.project], () =>
    runExecutions(settings, options, { logs, keptLogs }),
  );
}

/** The executions of one project, in one region unless their names name another. */
export function runExecutions(
  settings: SettingsOf<'cloud-run'>,
  options: ApiOptions,
  { logs, keptLogs }: { logs: RunLogs; keptLogs?: KeptLogs | undefined },
): BackendAdapter<Resource> {
  const home = homeOf(settings, options.project);
  const logCalls = circuitBreaker(LOGS_IN_A_ROW);

  return {
    form: `projects/P/locations/R/jobs/J/executions/E${home.region ? ', or J/executions/E, or E' : ''}`,
    read: (id) => readResource(id, ['jobs', 'executions'], home),
    placed: ({ placed }) => placed,

    async ask(resource, limits) {
      const endsAt = performance.now() + limits.limitMs;
      const { ids, ...place } = resource;
      const id = ids.at(-1) ?? '';
      // Cloud Run names an execution after its job, but the caller that starts one may give it another name.
      const [job = ''] = ids.length > 1 ? ids : [id.replace(/-[^-]*$/, '')];
      const api = googleApi('run', {
        ...patiently(options),
        project: place.project,
      });
      let execution: Execution;
      try {
        execution = await api.get(
          {
            operation: `executions.get of ${id}`,
            path: `/v2/projects/${place.project}/locations/${place.region}/jobs/${job}/executions/${id}`,
            query: { fields: EXECUTION_FIELDS },
            region: place.region,
            permission: 'run.executions.get',
            schema: executionOf(id),
          },
          limits,
        );
      } catch (error) {
        if (ids.length > 1 || !(error instanceof UpstreamError && error.missing)) throw error;
        return unknown(`${error.message} The name of its job was guessed: expected J/executions/E`);
      }
      const said = readExecution(execution);
      const since = orNull(timeAt('createTime', execution.createTime).reading);
      if (said.state !== 'failed' || !since) return said;
      const { message } = completedOf(execution);
      const { uid } = execution;
      const kept = uid ? await keptLogs?.linesOf({ region: place.region, uid }) : null;
      if (kept) return { ...said, error: whyFailed(message, kept) };
      return withLog(
        said,
        message,
        { ...place, job, id, since },
        { ...limits, limitMs: Math.min(LOG_MS, Math.max(1, Math.round(endsAt - performance.now()))) },
      );
    },
  };

  /** Adds the reason and the errors in its log: the answer itself says no more than that a container failed. */
  async function withLog(
    said: BackendStatus,
    message: string | undefined,
    execution: LoggedExecution,
    limits: Limits,
  ): Promise<BackendStatus> {
    const unread = (why: string) => ({ ...said, said: `${said.said}; its log was not read: ${why}` });
    const broken = logCalls.broken();
    if (broken !== null) return unread(broken);
    try {
      const lines = await logs.errorsOf(execution, limits);
      logCalls.answered();
      return { ...said, error: whyFailed(message, lines) };
    } catch (error) {
      limits.signal?.throwIfAborted();
      if (!(error instanceof UpstreamError || error instanceof DeadlineExceeded)) throw error;
      logCalls.failed(error.message);
      return unread(error.message);
    }
  }
}

function readExecution(execution: Execution): BackendStatus {
  const { startTime, completionTime, runningCount } = execution;
  const { state: word = 'no state', executionReason: reason, message } = completedOf(execution);
  const because = [reason, message].filter(Boolean).join(': ');
  const said = `Cloud Run says ${word}${because ? ` (${plain(because)})` : ''}`;
  const startedAt = timeAt('startTime', startTime);
  const endedAt = timeAt('completionTime', completionTime);
  const state = executionState(word, reason, {
    begun: startedAt.reading.is !== 'absent' || runningCount > 0,
  });
  // An execution that goes on cannot have an end.
  const contradicts = state && !isTerminal(state) && endedAt.reading.is !== 'absent';
  if (!state || contradicts) return unknown(said);
  return statusOf({ state, startedAt, endedAt, error: whyFailed(message), said });
}

import { addMs, HOUR_MS, MINUTE_MS } from '../../../functions/shared/dates.ts';
import { type Dice, dice } from './dice.ts';
import { type Fate, newJob, type SampleExecution, type SampleJob } from './job.ts';

/** How the workers of a job end that are killed from outside. */
export const KILLED =
  'The replica workerpool0-0 exited with a non-zero status of 137. Termination reason: OOMKilled.';
const PREEMPTED = 'The machine was preempted';

/**
 * Jobs whose records are not what they say, or cannot be read, one of each kind: dead without a trace, over behind our
 * back, gone from Vertex AI, in a project where we may not ask, a try stuck below a completed job, tries that are all over
 * below a running one, a heartbeat of the future, no clock at all, a status that nobody mapped. Those without a usable clock
 * are believed for a while after they were written.
 */
export function troubledJobs(now: Date): SampleJob[] {
  const roll = dice('troubled jobs');
  const hoursAgo = (hours: number) => addMs(now, -hours * HOUR_MS);
  /** A job that says of itself that it runs. */
  const running = (name: string, started: number, silent: number, more: Partial<SampleJob>): SampleJob =>
    runningJob(roll, name, { startedAt: hoursAgo(started), heartbeatAt: hoursAgo(silent) }, more);
  const over = (status: Fate['status'], hours: number, error: string | null = null) => ({
    fate: { status, at: hoursAgo(hours), error },
  });
  const unsubmitted = { backendId: null };
  const tries = (starts: readonly number[], each: number) =>
    starts.map((start, index) => failedTry(index + 1, hoursAgo(start), hoursAgo(start - each)));

  return [
    running('silent', 140, 137.5, unsubmitted),
    running('done', 61, 55, over('completed', 54.9)),
    running('killed', 9, 7.1, over('failed', 6.9, KILLED)),
    running('stopped', 23, 20, over('cancelled', 19.9)),
    running('gone', 274, 272, { fate: 'gone' }),
    running('elsewhere', 11, 9, {
      fate: 'silence',
      backendId: 'projects/partner-lab/locations/us-central1/customJobs/4407129856',
    }),
    running('ahead', 9, -5, { ...over('failed', 6, KILLED), updatedAt: hoursAgo(6) }),
    running('given-up', 12, 4.1, { ...unsubmitted, executions: tries([12, 9, 6.1], 2) }),
    {
      ...running('retried', 30, 21.5, unsubmitted),
      status: 'completed',
      endedAt: hoursAgo(21.5),
      updatedAt: hoursAgo(21.5),
      artifactBytes: 402_653_184,
      executions: [
        ...tries([30, 28, 26, 24], 1.5),
        { ...aTry(5, hoursAgo(22)), status: 'running', heartbeatAt: hoursAgo(21.6) },
      ],
    },
    {
      ...running('clockless', 0, 0, unsubmitted),
      createdAt: null,
      startedAt: null,
      heartbeatAt: null,
      updatedAt: null,
      artifactUri: null,
    },
    {
      ...newJob(roll, 'unmapped', hoursAgo(70)),
      status: 'unknown',
      ...unsubmitted,
      artifactUri: null,
      heartbeatAt: null,
      endedAt: null,
      updatedAt: hoursAgo(70),
    },
  ];
}

function runningJob(
  roll: Dice,
  name: string,
  { startedAt, heartbeatAt }: { startedAt: Date; heartbeatAt: Date },
  more: Partial<SampleJob>,
): SampleJob {
  const job = newJob(roll, name, addMs(startedAt, -4 * MINUTE_MS));
  const heard = { startedAt, heartbeatAt, updatedAt: heartbeatAt };
  return { ...job, ...heard, status: 'running', endedAt: null, ...more };
}

function aTry(number: number, startedAt: Date): SampleExecution {
  return {
    id: String(number),
    status: 'queued',
    startedAt,
    heartbeatAt: startedAt,
    endedAt: null,
    error: null,
  };
}

function failedTry(number: number, startedAt: Date, endedAt: Date): SampleExecution {
  return { ...aTry(number, startedAt), status: 'failed', heartbeatAt: endedAt, endedAt, error: PREEMPTED };
}

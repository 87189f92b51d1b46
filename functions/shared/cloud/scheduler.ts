import type { CloudSchedulerClient } from '@google-cloud/scheduler';
import { z } from 'zod';
import { sleep, withDeadline } from '../concurrency.ts';
import { DeadlineExceeded, UpstreamError } from '../errors.ts';
import { addressOf, GOOGLE_APIS } from '../model/google-apis.ts';
import { type LiveSchedule, SCHEDULE_STATES } from '../model/run/schedule.ts';
import { parseWithProblems } from '../problems.ts';
import { faultOf, reasonOf } from './rest/answer.ts';
import { credentialsFor } from './rest/credentials.ts';
import { plain } from './rest/google-error.ts';
import type { ApiOptions, Limits } from './rest/rest.ts';
import { isTransientStatus, RETRY, waitAfter } from './rest/retry.ts';

/** Cloud Scheduler through its own client (https://docs.cloud.google.com/scheduler/docs/reference/rest). */

const API = GOOGLE_APIS.scheduler.name;

/** Options for each call of the client: our deadline, and no retries of its own. */
type CallOptions = { timeout: number; retry: null };

const timestamp = z
  .object({ seconds: z.coerce.number(), nanos: z.number().nullish() })
  .transform(({ seconds, nanos }) => new Date(seconds * 1_000 + (nanos ?? 0) / 1e6))
  .nullish();

/** A duration in seconds. Jobs that are not ours may have none: then it is `byDefault`, as in job.proto. */
const duration = (byDefault: number) =>
  z
    .object({ seconds: z.coerce.number(), nanos: z.number().nullish() })
    .transform(({ seconds, nanos }) => seconds + (nanos ?? 0) / 1e9)
    .nullish()
    .transform((seconds) => seconds ?? byDefault);
const retryConfig = z.object({
  retryCount: z.number().nullish(),
  minBackoffDuration: duration(5),
  maxBackoffDuration: duration(3_600),
  maxDoublings: z.number().nullish(),
});

const jobSchema = z
  .object({
    name: z.string(),
    schedule: z.string(),
    timeZone: z.string(),
    state: z.enum(SCHEDULE_STATES),
    attemptDeadline: duration(180),
    retryConfig: retryConfig.nullish(),
    lastAttemptTime: timestamp,
    scheduleTime: timestamp,
    status: z.object({ code: z.number().nullish(), message: z.string().nullish() }).nullish(),
  })
  .transform(
    ({
      name,
      schedule,
      timeZone,
      state,
      lastAttemptTime,
      scheduleTime,
      status,
      ...limits
    }): LiveSchedule => ({
      schedule,
      timeZone,
      state,
      name: name.split('/').at(-1) ?? name,
      attemptDeadlineSeconds: limits.attemptDeadline,
      retry: {
        count: limits.retryConfig?.retryCount ?? 0,
        minBackoffSeconds: limits.retryConfig?.minBackoffDuration ?? 5,
        maxBackoffSeconds: limits.retryConfig?.maxBackoffDuration ?? 3_600,
        maxDoublings: limits.retryConfig?.maxDoublings ?? 5,
      },
      lastAttemptAt: lastAttemptTime ?? null,
      lastStatus: lastAttemptTime ? { code: status?.code ?? 0, message: plain(status?.message ?? '') } : null,
      // A paused job has a next time, too, at which it does not fire.
      nextAt: state === 'ENABLED' ? (scheduleTime ?? null) : null,
    }),
  );

/**
 * Cloud Scheduler of one project and region. Every member rejects with UpstreamError, with DeadlineExceeded, or with the
 * reason of the signal.
 */
export interface CloudScheduler {
  /** Returns all jobs of the region, also those that are not ours. Is tried again while there is time. */
  list(limits: Limits): Promise<LiveSchedule[]>;

  /** Pauses the job of a task; returns the job as it is then. */
  pause(task: string, limits: Limits): Promise<LiveSchedule>;

  /** Resumes the job of a task; returns the job as it is then. */
  resume(task: string, limits: Limits): Promise<LiveSchedule>;

  /** Fires the job of a task now, once. Resolves before the function has answered. */
  run(task: string, limits: Limits): Promise<LiveSchedule>;
}

/** Throws a TypeError for an address that is not safe to ask. */
export function cloudScheduler({ region, ...options }: ApiOptions & { region: string }): CloudScheduler {
  const { project, log, baseUrl = addressOf('scheduler') } = options;
  const policy = { ...RETRY, ...options.retry };
  const parent = `projects/${project}/locations/${region}`;
  // Called for its check of the address: the client finds its credentials itself.
  credentialsFor(baseUrl);
  let client: Promise<CloudSchedulerClient> | undefined;

  /** Makes one call, with its deadline, its log line and its error. */
  async function call<T>(
    operation: string,
    permission: string,
    { limitMs, signal }: Limits,
    request: (client: CloudSchedulerClient, options: CallOptions) => Promise<T>,
    attempt = 1,
  ): Promise<T> {
    const where = `${API} ${operation} (project ${project}, region ${region})`;
    const started = performance.now();
    let status: number | string = 200;
    try {
      signal?.throwIfAborted();
      // Loaded only now: a function that does not ask pays nothing for it at its cold start.
      client ??= openClient(baseUrl);
      const asked = client.then((opened) => request(opened, { timeout: limitMs, retry: null }));
      return await withDeadline(asked, limitMs, where, { signal });
    } catch (error) {
      if (signal?.aborted) {
        status = 'aborted';
        throw signal.reason;
      }
      if (error instanceof DeadlineExceeded || codeOf(error) === DEADLINE_EXCEEDED) {
        status = 'deadline';
        throw new DeadlineExceeded(where, limitMs, { cause: error });
      }
      const refused = refusal(where, permission, error);
      status = refused.status ?? 'connection';
      throw refused;
    } finally {
      const ms = Math.round(performance.now() - started);
      const level = status === 200 || status === 'aborted' ? 'debug' : 'warning';
      log[level](`${API}: ${operation}`, { api: API, operation, project, region, attempt, ms, status });
    }
  }

  const change =
    (method: 'pauseJob' | 'resumeJob' | 'runJob', verb: string) =>
    async (task: string, limits: Limits): Promise<LiveSchedule> => {
      const [job] = await call(`jobs.${verb}`, `cloudscheduler.jobs.${verb}`, limits, (opened, callOptions) =>
        opened[method]({ name: `${parent}/jobs/${task}` }, callOptions),
      );
      return read(job);
    };

  return {
    async list(limits) {
      const endsAt = performance.now() + limits.limitMs;
      for (let attempt = 1; ; attempt += 1) {
        const left = { ...limits, limitMs: Math.max(1, Math.round(endsAt - performance.now())) };
        try {
          const [jobs] = await call(
            'jobs.list',
            'cloudscheduler.jobs.list',
            left,
            (opened, callOptions) => opened.listJobs({ parent }, callOptions),
            attempt,
          );
          return jobs.map(read);
        } catch (error) {
          if (!(error instanceof UpstreamError && error.retryable) || attempt >= policy.attempts) throw error;
          const waitMs = waitAfter(attempt, null, policy);
          // Waiting would only run into the deadline, which explains less than this error.
          if (waitMs >= endsAt - performance.now()) throw error;
          log.debug(`${API}: jobs.list again after ${faultOf(error)}`);
          await sleep(waitMs, limits.signal);
        }
      }
    },
    pause: change('pauseJob', 'pause'),
    resume: change('resumeJob', 'resume'),
    run: change('runJob', 'run'),
  };
}

/** Opens the client over REST, for a stand-in as for Google, so that tests use the same way. */
async function openClient(baseUrl: string): Promise<CloudSchedulerClient> {
  const [{ CloudSchedulerClient }, { PassThroughClient }] = await Promise.all([
    import('@google-cloud/scheduler'),
    import('google-auth-library'),
  ]);
  const { protocol, hostname, port } = new URL(baseUrl);
  const standIn = protocol === 'http:';
  return new CloudSchedulerClient({
    fallback: true,
    apiEndpoint: hostname,
    protocol: protocol.slice(0, -1),
    ...(port && { port: Number(port) }),
    // Adds no credentials: a stand-in on this machine is sent none.
    ...(standIn && { authClient: new PassThroughClient() }),
  });
}

function read(job: unknown): LiveSchedule {
  const parsed = parseWithProblems(jobSchema, job);
  if (parsed.ok) return parsed.value;
  const problems = parsed.problems.map(({ path, message }) => `${path}: ${message}`).join('; ');
  throw new UpstreamError(`Cannot read a job of ${API}: ${plain(problems)}`, { retryable: false });
}

/** A code of google.rpc.Code. */
const DEADLINE_EXCEEDED = 4;

/** Makes our error of the client's, which has a gRPC code, and the HTTP status where an answer came. */
function refusal(where: string, permission: string, error: unknown): UpstreamError {
  const httpStatus = error instanceof Error ? Reflect.get(error, 'httpStatusCode') : undefined;
  const status = typeof httpStatus === 'number' ? httpStatus : null;
  const disabled = error instanceof Error && Reflect.get(error, 'reason') === 'SERVICE_DISABLED';
  const missing = status === 403 && !disabled ? permission : null;
  const reason = status === null ? 'the connection failed' : `HTTP ${status}`;
  return new UpstreamError(
    `Cannot finish ${where}: ${reason}: ${reasonOf(error)}${missing ? `; missing permission: ${missing}` : ''}`,
    { retryable: status === null || isTransientStatus(status), status, permission: missing },
    // Not as its cause: what the library throws may hold the request, and with it a token.
  );
}

function codeOf(error: unknown): unknown {
  return error instanceof Error ? Reflect.get(error, 'code') : undefined;
}

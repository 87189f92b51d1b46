import { z } from 'zod';
import { GoogleProblem, problemOf } from '../google/problem.ts';

/**
 * A job as Cloud Scheduler's REST API v1 takes it (https://docs.cloud.google.com/scheduler/docs/reference/rest/v1/projects.locations.jobs):
 * enums by name or number, durations as text, the body in base64.
 */

/** In the order of their numbers. */
export const HTTP_METHODS = [
  'HTTP_METHOD_UNSPECIFIED',
  ...['POST', 'GET', 'HEAD', 'PUT', 'DELETE', 'PATCH', 'OPTIONS'],
] as const;
export const STATES = ['STATE_UNSPECIFIED', 'ENABLED', 'PAUSED', 'DISABLED', 'UPDATE_FAILED'] as const;
const BODY_METHODS = ['POST', 'PUT', 'PATCH'];

const text = z.string({ error: 'TYPE_STRING' });
const int = z.int({ error: 'TYPE_INT32' });
const duration = text.regex(/^\d+(\.\d{1,9})?s$/, { error: 'type.googleapis.com/google.protobuf.Duration' });
const httpMethod = z
  .preprocess(
    (value) => (typeof value === 'number' ? HTTP_METHODS[value] : value),
    z.enum(HTTP_METHODS, {
      error: 'type.googleapis.com/google.cloud.scheduler.v1.HttpMethod',
    }),
  )
  .transform((name) => (name === 'HTTP_METHOD_UNSPECIFIED' ? 'POST' : name));

/** A token that says nothing is none. */
const token = (fields: z.ZodRawShape) =>
  z
    .strictObject(fields)
    .optional()
    .transform((it) => (it && Object.keys(it).length > 0 ? it : undefined));

const retryConfig = z.strictObject({
  retryCount: int.default(0),
  maxRetryDuration: duration.default('0s'),
  minBackoffDuration: duration.default('5s'),
  maxBackoffDuration: duration.default('3600s'),
  maxDoublings: int.default(5),
});
export type RetryConfig = z.infer<typeof retryConfig>;

const httpTarget = z.strictObject({
  uri: text.default(''),
  httpMethod: httpMethod.default('POST'),
  headers: z.record(z.string(), text).optional(),
  body: z.base64({ error: 'TYPE_BYTES' }).optional(),
  oidcToken: token({ serviceAccountEmail: text.optional(), audience: text.optional() }),
  oauthToken: token({ serviceAccountEmail: text.optional(), scope: text.optional() }),
});

const jobSchema = z.strictObject({
  name: text.default(''),
  description: text.max(500).optional(),
  schedule: text.default(''),
  timeZone: text.default('UTC').transform((zone) => zone || 'UTC'),
  attemptDeadline: duration.default('180s'),
  retryConfig: retryConfig.prefault({}),
  httpTarget: httpTarget.optional(),
  pubsubTarget: z.unknown().optional(),
  appEngineHttpTarget: z.unknown().optional(),
});

/** What the API itself writes: whatever a caller says of it is ignored. */
const OUTPUT_ONLY = ['userUpdateTime', 'state', 'status', 'scheduleTime', 'lastAttemptTime'];

/** A job that can be delivered, in the API's own form. */
export type Job = z.infer<typeof jobSchema> & { httpTarget: z.infer<typeof httpTarget> };

/** Reads a job. Throws a GoogleProblem naming what is wrong. */
export function readJob(json: Record<string, unknown>): Job {
  const { httpTarget, pubsubTarget, appEngineHttpTarget, ...rest } = readFields(json);
  if (pubsubTarget || appEngineHttpTarget)
    throw new GoogleProblem(501, 'UNIMPLEMENTED', 'The stand-in delivers to HTTP targets alone.');
  if (!httpTarget) throw refused('job.target', 'Job must have exactly one target.');
  const job: Job = { ...rest, httpTarget };
  for (const [field, broken, message] of rulesOf(job)) if (broken) throw refused(field, message);
  return job;
}

/** Reads what is given of a job, which need not be whole. Throws a GoogleProblem naming every field that is wrong. */
export function readFields(json: Record<string, unknown>): z.infer<typeof jobSchema> {
  const given = Object.fromEntries(Object.entries(json).filter(([key]) => !OUTPUT_ONLY.includes(key)));
  const parsed = jobSchema.safeParse(given);
  if (!parsed.success) throw badFields(parsed.error.issues, json);
  return parsed.data;
}

/** The limits of job.proto and target.proto. */
function rulesOf({
  attemptDeadline,
  retryConfig: retry,
  httpTarget: target,
}: Job): [string, boolean, string][] {
  const [deadline, min, max] = [attemptDeadline, retry.minBackoffDuration, retry.maxBackoffDuration].map(
    secondsOf,
  );
  return [
    [
      'job.attempt_deadline',
      !within(deadline, 15, 1800),
      'Attempt deadline must be between 15 seconds and 30 minutes.',
    ],
    ['job.retry_config.retry_count', !within(retry.retryCount, 0, 5), 'Retry count must be between 0 and 5.'],
    ['job.retry_config.max_doublings', retry.maxDoublings < 0, 'Max doublings must not be negative.'],
    [
      'job.retry_config.min_backoff_duration',
      !within(min, 0, max),
      'Min backoff must not be greater than max backoff.',
    ],
    [
      'job.http_target.uri',
      !/^https?:\/\/[^/?#]/.test(target.uri),
      'HTTP URL must begin with "http://" or "https://" and name a host.',
    ],
    ['job.http_target.uri', target.uri.length > 2083, 'HTTP URL must have at most 2083 characters.'],
    [
      'job.http_target.body',
      !!target.body && !BODY_METHODS.includes(target.httpMethod),
      'HTTP request body is only allowed for the methods POST, PUT and PATCH.',
    ],
    [
      'job.http_target',
      !!target.oidcToken && !!target.oauthToken,
      'Only one of OAuth token and OIDC token may be set.',
    ],
  ];
}

function within(value: number | undefined, min: number, max: number | undefined): boolean {
  return value !== undefined && value >= min && value <= (max ?? min);
}

/** A duration such as `600s`, in seconds. */
export function secondsOf(duration: string): number {
  return Number(duration.slice(0, -1));
}

/** The refusal of a job that can be read, but not be. */
export function refused(field: string, message: string): GoogleProblem {
  return problemOf(400, message, detailsOf([{ field, description: message }]));
}

/** The words of Google's JSON reader for what does not fit the types. */
function badFields(issues: readonly z.core.$ZodIssue[], json: object): GoogleProblem {
  const violations = issues.flatMap((issue) => {
    const field = ['job', ...issue.path.map((part) => snake(String(part)))].join('.');
    if (issue.code === 'unrecognized_keys')
      return issue.keys.map((key) => ({
        field,
        description: `Invalid JSON payload received. Unknown name "${key}" at '${field}': Cannot find field.`,
      }));
    const value = JSON.stringify(issue.path.reduce<unknown>(valueAt, json));
    const words = issue.message === 'TYPE_BYTES' ? `Base64 decoding failed for ${value}` : value;
    return [{ field, description: `Invalid value at '${field}' (${issue.message}), ${words}` }];
  });
  return problemOf(400, violations.map(({ description }) => description).join('\n'), detailsOf(violations));
}

function valueAt(value: unknown, key: PropertyKey): unknown {
  return value !== null && typeof value === 'object' ? Reflect.get(value, key) : undefined;
}

function detailsOf(fieldViolations: { field: string; description: string }[]): object {
  return { details: [{ '@type': 'type.googleapis.com/google.rpc.BadRequest', fieldViolations }] };
}

function snake(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

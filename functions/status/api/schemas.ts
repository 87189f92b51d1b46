import { z } from 'zod';
import { jobFiguresSchema, METRIC_SOURCES } from '../../shared/model/day/day.ts';
import { ALARM_KINDS } from '../../shared/model/run/alarm.ts';
import { SEVERITIES } from '../../shared/model/run/alarm-rank.ts';
import { HEALTH_STATES } from '../../shared/model/run/health-state.ts';
import { OUTCOMES } from '../../shared/model/run/outcomes.ts';
import { CAUSES, TRIGGERS } from '../../shared/model/run/run.ts';
import { dateSchema, instantSchema, problemSchema } from './envelope.ts';

/** The data of every answer of the API. Instants are text; no body holds the time now, so that equal data are equal bodies. */

const instant = instantSchema;
const maybeInstant = instantSchema.nullable();
const count = z.int().min(0);
const outcome = z.enum(OUTCOMES);

/** A run as a bar of a strip. */
const barSchema = z.object({ runId: z.string(), outcome, startedAt: instant, durationMs: z.number() });

/**
 * How a task stands. `state`, `reason` and `running` hold as of the answer; whoever keeps it computes them anew by
 * `badgeAt` from the instants: `stuckAt` and `lateAt` are when it turns stuck or late unless something happens before.
 */
export const taskSchema = z.object({
  task: z.string(),
  description: z.string(),
  enabled: z.boolean(),
  state: z.enum(HEALTH_STATES),
  /** Why, in words, with instants for times. */
  reason: z.string(),
  /** Why its record cannot be read, where it cannot: then nothing is known of its runs. */
  unreadable: z.string().optional(),
  /** Holds beside every state: a failing task that is being retried is still failing. */
  running: z.boolean(),
  schedule: z.string(),
  scheduleWords: z.string(),
  nextExpectedAt: instant,
  /** `null` where it never ran, for then nothing is late yet. */
  lateAt: maybeInstant,
  startGraceSeconds: z.number(),
  maxRuntimeSeconds: z.number(),
  current: z
    .object({
      runId: z.string(),
      attempt: z.int(),
      startedAt: instant,
      heartbeatAt: instant,
      leaseExpiresAt: instant,
    })
    .nullable(),
  /** `null` while nothing runs. */
  stuckAt: maybeInstant,
  lastStartedAt: maybeInstant,
  lastFinishedAt: maybeInstant,
  lastSuccessAt: maybeInstant,
  lastOutcome: outcome.nullable(),
  lastDurationMs: z.number().nullable(),
  /** The median of its recent successes. */
  typicalDurationMs: z.number().nullable(),
  /** Its first line; the run has all of it. */
  lastError: z.string().nullable(),
  /** Why the last run was partial, where it was. */
  partialBecause: z.string().optional(),
  consecutiveFailures: count,
  /** The last 20 whole runs, newest last. */
  strip: z.array(barSchema),
  openAlarms: z.array(z.string()),
  deployment: z.object({
    service: z.string().nullable(),
    revision: z.string().nullable(),
    region: z.string().nullable(),
  }),
});
export type TaskAnswer = z.infer<typeof taskSchema>;

export const alarmAnswerSchema = z.object({
  id: z.string(),
  /** The task or source it is about. */
  subject: z.string(),
  kind: z.enum(ALARM_KINDS),
  severity: z.enum(SEVERITIES),
  message: z.string(),
  /** The instant of the broken limit. */
  brokenAt: instant,
  openedAt: instant,
  closedAt: maybeInstant,
  closedBecause: z.string().nullable(),
  runId: z.string().nullable(),
  mute: z.object({ until: instant, by: z.string(), reason: z.string(), at: instant }).nullable(),
  /** What to do about it, and the command for that. */
  advice: z.object({ words: z.string(), command: z.string() }),
  /** The command that shows more of what it is about. */
  command: z.string(),
});
export type AlarmAnswer = z.infer<typeof alarmAnswerSchema>;

/** How the jobs of a source stand, as the last sweep found them; `at` is `null` before the first. */
export const sourceHealthSchema = z.object({
  source: z.string(),
  mode: z.enum(['observe', 'enforce']),
  at: maybeInstant,
  running: count.nullable(),
  suspended: count.nullable(),
  scheduled: count.nullable(),
  longRunning: count.nullable(),
  recent24h: count.nullable(),
  stale: count.nullable(),
  unknown: count.nullable(),
  /** How many records sweeps of the last day ended, and how many of those wrongly. */
  watched: count.nullable(),
  falseLost: count.nullable(),
  /** What came of its reporters since the beginning; `null` where no report ever came. */
  reports: z.object({ accepted: count, falseLost: count, lastAcceptedAt: instant }).nullable(),
  /** When this is too old to say anything about now; `null` before the first sweep. */
  staleAt: maybeInstant,
});
export type SourceHealth = z.infer<typeof sourceHealthSchema>;

export const verdictSchema = z.object({
  ok: z.boolean(),
  /** Such as "1 failing, 2 late, 3 OK". */
  words: z.string(),
  /** What is wrong, each in a few words. */
  wrong: z.array(z.string()),
});

/** `/api/status` */
export const statusSchema = z.object({
  /** The deployment that answers. */
  instance: z.string(),
  deployment: z.object({
    project: z.string(),
    region: z.string().nullable(),
    service: z.string().nullable(),
    revision: z.string().nullable(),
  }),
  verdict: verdictSchema,
  /** The worst first, then by name. */
  tasks: z.array(taskSchema),
  counts: z.object({
    tasks: z.partialRecord(z.enum(HEALTH_STATES), count),
    running: count,
    openAlarms: count,
  }),
  /** The worst first; those that are muted come last. */
  alarms: z.array(alarmAnswerSchema),
  sources: z.array(sourceHealthSchema),
});
export type StatusAnswer = z.infer<typeof statusSchema>;

/** `/api/tasks/{task}/runs`: the newest first. */
export const runLineSchema = z.object({
  runId: z.string(),
  task: z.string(),
  trigger: z.enum(TRIGGERS),
  slot: maybeInstant,
  whole: z.boolean(),
  dryRun: z.boolean(),
  attempt: z.int(),
  outcome,
  startedAt: instant,
  endedAt: maybeInstant,
  durationMs: z.number().nullable(),
  /** The first line of its error, or why it was partial. */
  error: z.string().nullable(),
  arrivedLate: z.boolean(),
  cause: z.enum(CAUSES).nullable(),
});
export type RunLine = z.infer<typeof runLineSchema>;

const runErrorAnswer = z.object({ name: z.string(), message: z.string(), stack: z.string() });

/** `/api/runs/{runId}`: all of it but the lease's token. */
export const runAnswerSchema = runLineSchema.extend({
  body: z.record(z.string(), z.unknown()),
  leaseExpiresAt: maybeInstant,
  deadlineAt: maybeInstant,
  summary: z.record(z.string(), z.unknown()),
  problems: z.array(problemSchema),
  failure: runErrorAnswer.nullable(),
  attempts: z.array(
    z.object({
      attempt: z.int(),
      startedAt: instant,
      endedAt: maybeInstant,
      outcome,
      error: runErrorAnswer.nullable(),
    }),
  ),
  duplicates: count,
  expireAt: maybeInstant,
});
export type RunAnswer = z.infer<typeof runAnswerSchema>;

const figure = z.number().nullable();

/** `/api/days`: the oldest first. A section is `null` where it is not known, a missing day has no sections at all. */
export const dayAnswerSchema = z.object({
  date: dateSchema,
  status: z.enum(['provisional', 'final', 'conflict', 'missing']),
  revision: z.int().nullable(),
  collectedAt: maybeInstant,
  jobs: jobFiguresSchema.nullable(),
  gpu: z.object({ hoursUsed: z.number(), hoursCompleted: z.number(), hoursAccrued: z.number() }).nullable(),
  etl: jobFiguresSchema.nullable(),
  storage: z.object({ buckets: figure, bytes: figure, objects: figure, softDeletedBytes: figure }).nullable(),
  bigquery: z.object({ tables: figure, bytes: figure, jobsCompleted: figure, jobsFailed: figure }).nullable(),
  cloudRun: z.object({ services: figure, activeServices: figure, requests: figure }).nullable(),
  database: z.object({ firestoreBytes: figure, cloudSqlBytes: figure }).nullable(),
  /** Metric sources that did not answer in full, and how each stands. */
  sourcesFailing: z.partialRecord(z.enum(METRIC_SOURCES), z.enum(['partial', 'stale', 'failed'])),
});
export type DayAnswer = z.infer<typeof dayAnswerSchema>;

/** `/api/health`: the words of the endpoint that many platforms have, over all sources. */
export const healthAnswerSchema = z.object({
  status: z.enum(['healthy', 'unhealthy', 'unknown']),
  metrics: z.object({
    running_executions: count.nullable(),
    scheduled_executions: count.nullable(),
    long_running_executions: count.nullable(),
    recent_executions_24h: count.nullable(),
    stale_executions: count.nullable(),
    /** Of the oldest of these figures; `null` where some source was never looked at. */
    timestamp: maybeInstant,
  }),
  wrong: z.array(z.string()),
  sources: z.array(sourceHealthSchema),
});
export type HealthAnswer = z.infer<typeof healthAnswerSchema>;

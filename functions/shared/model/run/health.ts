import { z } from 'zod';
import type { AlarmChanges } from './alarm.ts';
import { type HealthNow, stateAt, type TaskFacts } from './health-state.ts';
import { OUTCOMES } from './outcomes.ts';
import { runErrorSchema } from './run.ts';

/** Runs shown in the strip of a task's recent history. */
export const STRIP_LENGTH = 60;

/** The run that holds the task's lease: who may write now, and the random token that proves it. */
const currentRunSchema = z.object({
  runId: z.string(),
  attempt: z.int().min(1),
  token: z.string(),
  whole: z.boolean(),
  startedAt: z.date(),
  heartbeatAt: z.date(),
  leaseExpiresAt: z.date(),
  deadlineAt: z.date(),
});
export type CurrentRun = z.infer<typeof currentRunSchema>;

const stripEntrySchema = z.object({
  runId: z.string(),
  outcome: z.enum(OUTCOMES),
  startedAt: z.date(),
  durationMs: z.number(),
});
export type StripEntry = z.infer<typeof stripEntrySchema>;

/** `tasks/{task}`: the one record per task that a dashboard reads. */
export const healthSchema = z.object({
  task: z.string(),
  enabled: z.boolean(),
  schedule: z.string(),
  scheduleWords: z.string(),
  nextExpectedAt: z.date(),
  /** Up to when its slots are known to have been run, skipped or missed; `null` before the sweep first saw the task. */
  watchedUntil: z.date().nullable().default(null),
  startGraceSeconds: z.number(),
  maxRuntimeSeconds: z.number(),
  current: currentRunSchema.nullable(),
  lastStartedAt: z.date().nullable(),
  lastFinishedAt: z.date().nullable(),
  lastSuccessAt: z.date().nullable(),
  lastOutcome: z.enum(OUTCOMES).nullable(),
  lastDurationMs: z.number().nullable(),
  lastError: runErrorSchema.nullable(),
  consecutiveFailures: z.int().min(0),
  openAlarms: z.array(z.string()),
  /** The last whole runs, newest last. */
  strip: z.array(stripEntrySchema),
  deployment: z.object({
    service: z.string().nullable(),
    revision: z.string().nullable(),
    region: z.string().nullable(),
  }),
  /** Names the last write: a writer whose answer got lost finds out by it whether its commit landed. */
  writeId: z.string(),
  updatedAt: z.date(),
});
export type Health = z.infer<typeof healthSchema>;

/** Changes of the task's own record and alarms that go into a commit of its run. */
export interface OwnChanges extends AlarmChanges {
  /** Computed anew at each try from what the record is then. */
  health?: (health: Health) => Partial<Health>;
}

/** The state of a task at `now`, computed when read; see `stateAt`. */
export function healthAt(health: Health, now: Date): HealthNow {
  return stateAt(factsOf(health), now);
}

/** What of a task's record its state follows from. */
export function factsOf(health: Health): TaskFacts {
  const { nextExpectedAt, startGraceSeconds, lastError } = health;
  const lateAt = new Date(nextExpectedAt.getTime() + startGraceSeconds * 1000);
  return { ...health, lateAt, lastError: lastError?.message ?? null };
}

/** The median duration of the recent successes; `null` when there are none. */
export function typicalDurationMs(strip: readonly StripEntry[]): number | null {
  const durations = strip
    .filter((entry) => entry.outcome === 'succeeded')
    .map((entry) => entry.durationMs)
    .sort((a, b) => a - b);
  return durations[Math.floor(durations.length / 2)] ?? null;
}

/** The strip with `entry` as its newest; an entry of the same run is replaced, the oldest drop out. */
export function withEntry(strip: readonly StripEntry[], entry: StripEntry): StripEntry[] {
  return [...strip.filter((other) => other.runId !== entry.runId), entry].slice(-STRIP_LENGTH);
}

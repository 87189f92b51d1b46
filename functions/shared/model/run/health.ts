import { z } from 'zod';
import type { AlarmChanges } from './alarm.ts';
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

/** How a task stands; where several hold, the first of these counts. */
export type HealthState = 'disabled' | 'stuck' | 'failing' | 'late' | 'degraded' | 'running' | 'new' | 'ok';

/** How a task stands at one instant. */
export interface HealthNow {
  state: HealthState;
  /** Why, in words. */
  reason: string;
  /** Holds beside every state: a failing task that is being retried is still failing. */
  running: boolean;
}

/**
 * The state of a task at `now`, computed when read: no background job flips it, so a dead watcher never shows green.
 * First match wins, from disabled over stuck, failing, late and degraded to running, new and ok.
 */
export function healthAt(health: Health, now: Date): HealthNow {
  const { current } = health;
  const running = current !== null;
  const is = (state: HealthState, reason: string): HealthNow => ({ state, reason, running });

  if (!health.enabled) return is('disabled', 'not enabled in the catalogue');
  if (current && now.getTime() > current.startedAt.getTime() + health.maxRuntimeSeconds * 1000)
    return is(
      'stuck',
      `running for ${span(current.startedAt, now)}, at most ${health.maxRuntimeSeconds} s allowed`,
    );
  if (current && now > current.leaseExpiresAt)
    return is('stuck', `no sign of life for ${span(current.heartbeatAt, now)}, lease expired`);
  if (health.consecutiveFailures > 0)
    return is(
      'failing',
      `${health.consecutiveFailures} in a row; last ${health.lastOutcome ?? 'run'}: ${firstLine(health.lastError?.message)}`,
    );
  const lateAt = health.nextExpectedAt.getTime() + health.startGraceSeconds * 1000;
  if (now.getTime() > lateAt)
    return is('late', `due ${span(health.nextExpectedAt, now)} ago, grace ${health.startGraceSeconds} s`);
  if (health.lastOutcome === 'partial') return is('degraded', 'the last run was partial');
  if (current) return is('running', `for ${span(current.startedAt, now)}`);
  if (health.lastOutcome === null) return is('new', 'has not run yet');
  return is('ok', `last run ${health.lastOutcome}`);
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

function span(from: Date, to: Date): string {
  const seconds = Math.max(0, Math.round((to.getTime() - from.getTime()) / 1000));
  if (seconds < 120) return `${seconds} s`;
  if (seconds < 7200) return `${Math.round(seconds / 60)} min`;
  if (seconds < 172_800) return `${Math.round(seconds / 3600)} h`;
  return `${Math.round(seconds / 86_400)} d`;
}

function firstLine(text: string | undefined): string {
  return text?.split('\n', 1)[0]?.slice(0, 200) ?? 'no error recorded';
}

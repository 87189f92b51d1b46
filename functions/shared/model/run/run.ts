import { z } from 'zod';
import { addMs, DAY_MS, HOUR_MS } from '../../dates.ts';

/** A run is one execution of a task, for one slot or one manual trigger; its attempts are its tries. */

/** How an attempt stands or ended; `running` only while its lease is held. */
export const OUTCOMES = [
  'running',
  'succeeded',
  'partial',
  'failed',
  'timed-out',
  'lost',
  'missed',
  'skipped',
] as const;
export type Outcome = (typeof OUTCOMES)[number];

/** What a caller is told: an outcome, or that this delivery repeats one that is done or under way. */
export type AnswerOutcome = Exclude<Outcome, 'running' | 'missed'> | 'duplicate';

/** Outcomes that end a run for good: a retry of its slot repeats the result. */
export const DONE: readonly Outcome[] = ['succeeded', 'partial'];
/** Outcomes that count as a failure of the task, once per run. */
export const FAILURES: readonly Outcome[] = ['failed', 'timed-out', 'lost', 'missed'];

/** Outcomes of attempts that held no lease. */
export const HELD_NOTHING: readonly Outcome[] = ['skipped', 'missed'];

/**
 * Why a slot has no run that began in time and ended well; `skipped` when its delivery found another run of the task live,
 * and none came again.
 */
const CAUSES = ['not fired', 'fired, not delivered', 'skipped', 'started and died', 'finished late'] as const;
export type Cause = (typeof CAUSES)[number];

const TRIGGERS = ['scheduled', 'manual'] as const;
export type Trigger = (typeof TRIGGERS)[number];

/** What went wrong, kept whole enough to find the line: message up to 2 KB, stack up to 16 KB. */
export const runErrorSchema = z.object({ name: z.string(), message: z.string(), stack: z.string() });
export type RunError = z.infer<typeof runErrorSchema>;

const runProblemSchema = z.object({
  path: z.string(),
  message: z.string(),
  expected: z.string().optional(),
});
export type RunProblem = z.infer<typeof runProblemSchema>;

const summarySchema = z.record(z.string(), z.unknown());
export type Summary = z.infer<typeof summarySchema>;

/** A finish that came after the run was taken over: it changed nothing, but it says the old holder was alive. */
const lateCompletionSchema = z.object({ outcome: z.enum(OUTCOMES), finishedAt: z.date() });

const attemptSchema = z.object({
  attempt: z.int().min(1),
  token: z.string(),
  startedAt: z.date(),
  endedAt: z.date().nullable(),
  outcome: z.enum(OUTCOMES),
  error: runErrorSchema.nullable(),
  lateCompletion: lateCompletionSchema.optional(),
});
export type Attempt = z.infer<typeof attemptSchema>;

/** `taskRuns/{runId}`. The top level tells the newest attempt; a slot once missed stays so until a run of it begins. */
export const runSchema = z.object({
  runId: z.string(),
  task: z.string(),
  trigger: z.enum(TRIGGERS),
  /** The instant at which a scheduled run was due; `null` for a manual one. */
  slot: z.date().nullable(),
  /** Whether it moves the task's health: scheduled, or manual with an empty body. */
  whole: z.boolean(),
  dryRun: z.boolean(),
  body: z.record(z.string(), z.unknown()),
  attempt: z.int().min(1),
  token: z.string(),
  outcome: z.enum(OUTCOMES),
  startedAt: z.date(),
  endedAt: z.date().nullable(),
  durationMs: z.number().nullable(),
  /** Absolute instants, so that nobody ever has to compute them again. `null` once the run has ended. */
  leaseExpiresAt: z.date().nullable(),
  deadlineAt: z.date().nullable(),
  summary: summarySchema,
  problems: z.array(runProblemSchema),
  error: runErrorSchema.nullable(),
  attempts: z.array(attemptSchema),
  /** Whether it came later than its task's grace allows, or after its slot had been recorded as missed. */
  arrivedLate: z.boolean().optional(),
  /** Why its slot was not done in time, as far as anybody can tell. */
  cause: z.enum(CAUSES).nullish(),
  /** Deliveries that found this run done or under way. */
  duplicates: z.int().min(0),
  /** When prune-records may delete it; `null` while it runs. */
  expireAt: z.date().nullable(),
});
export type Run = z.infer<typeof runSchema>;

/** The id of a scheduled run: two deliveries of one slot always meet in it, whatever offset their header carried. */
export function scheduledRunId(task: string, slot: Date): string {
  return `${task}@${slot.toISOString()}`;
}

/** The slot in the id of a scheduled run; `null` in any other. */
export function slotOfRunId(runId: string): Date | null {
  const [, slot] = /@(\d{4}-\d\d-\d\dT[\d:.]+Z)$/.exec(runId) ?? [];
  return slot ? new Date(slot) : null;
}

/** The instant by which a run does its duty: its slot, or its start where it has none. */
export function goesBy({ runId, startedAt }: Pick<Run, 'runId' | 'startedAt'>): Date {
  return slotOfRunId(runId) ?? startedAt;
}

/** The id of a manual run. */
export function manualRunId(task: string, uuid: string): string {
  return `${task}@manual-${uuid}`;
}

const SHORT_MS = 2 * DAY_MS;
const LONG_MS = 30 * DAY_MS;
/** One success per so long is kept for long. */
const SAMPLE_MS = 4 * HOUR_MS;
/** A success that took this many times the typical duration is slow, and kept for long. */
const SLOW_FACTOR = 2;

/** When the record of an ended run may be pruned: failures and slow or sampled successes late, the rest soon. */
export function expireAtOf(
  ended: { outcome: Outcome; endedAt: Date; durationMs: number },
  history: { lastSuccessAt: Date | null; typicalDurationMs: number | null },
): Date {
  return addMs(ended.endedAt, keptLong(ended, history) ? LONG_MS : SHORT_MS);
}

function keptLong(
  { outcome, endedAt, durationMs }: { outcome: Outcome; endedAt: Date; durationMs: number },
  { lastSuccessAt, typicalDurationMs }: { lastSuccessAt: Date | null; typicalDurationMs: number | null },
): boolean {
  if (outcome === 'skipped') return false;
  if (outcome !== 'succeeded') return true;
  const slow = typicalDurationMs !== null && durationMs > SLOW_FACTOR * typicalDurationMs;
  const bucket = (instant: Date) => Math.floor(instant.getTime() / SAMPLE_MS);
  return slow || lastSuccessAt === null || bucket(lastSuccessAt) !== bucket(endedAt);
}

import { z } from 'zod';
import { OUTCOMES, type Outcome } from './outcomes.ts';

/** A run is one execution of a task, for one slot or one manual trigger; its attempts are its tries. */

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
export const CAUSES = [
  'not fired',
  'fired, not delivered',
  'skipped',
  'started and died',
  'finished late',
] as const;
export type Cause = (typeof CAUSES)[number];

export const TRIGGERS = ['scheduled', 'manual'] as const;
export type Trigger = (typeof TRIGGERS)[number];

/** An error, kept whole enough to find the line: message up to 2 KB, stack up to 16 KB. */
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

/** A finish that came after the run was taken over: it changed nothing, but shows that the old holder was alive. */
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

/**
 * `taskRuns/{runId}`. The top level is the newest attempt; a slot once missed stays so until a run of it begins.
 *
 * How a field is added, here and in the other stored records: it is optional, or has a default, for the records that are
 * stored already lack it (`test/integration/store/last-release.test.ts` reads some). Optional when its absence means something
 * of its own (`arrivedLate`), a default when it means a value (`watchedUntil` of a task). Then it is set in `newRun`, or by
 * the one transition that knows it. Nothing else is needed for a roll back: a release reads only the fields of its schema,
 * and updates only those, so an older one leaves the field of a newer one as it is (but for those within `attempts`, which it
 * writes whole). No field changes its type or meaning,
 * and none is required from one release to the next: a new name is cheaper.
 */
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
  /** Absolute instants, so that a reader needs no settings to judge them. `null` once the run has ended. */
  leaseExpiresAt: z.date().nullable(),
  deadlineAt: z.date().nullable(),
  summary: summarySchema,
  problems: z.array(runProblemSchema),
  error: runErrorSchema.nullable(),
  attempts: z.array(attemptSchema),
  /** Whether it came later than its task's grace allows, or after its slot had been recorded as missed. */
  arrivedLate: z.boolean().optional(),
  /** Why its slot was not done in time, where it is known. */
  cause: z.enum(CAUSES).nullish(),
  /** Deliveries that found this run done or under way. */
  duplicates: z.int().min(0),
  /** When prune-records may delete it; `null` while it runs. */
  expireAt: z.date().nullable(),
});
export type Run = z.infer<typeof runSchema>;

/** A delivery with its name: what it asks for, before anything is claimed. */
export type NamedRun = Pick<Run, 'runId' | 'task' | 'trigger' | 'slot' | 'whole' | 'dryRun' | 'body'>;

/** Attempts kept on a run; the stacks of all but the newest are cut, so that the document stays small. */
const ATTEMPTS_KEPT = 50;
const OLD_STACK_LENGTH = 1024;

/**
 * The record of a run as its newest attempt begins, behind those that were made `earlier`. The only place that builds a whole
 * record: each transition puts over it what it knows besides.
 */
export function newRun(named: NamedRun, newest: Attempt, earlier: readonly Attempt[] = []): Run {
  const cut = earlier.map((old) =>
    old.error ? { ...old, error: { ...old.error, stack: old.error.stack.slice(0, OLD_STACK_LENGTH) } } : old,
  );
  return {
    ...named,
    attempt: newest.attempt,
    token: newest.token,
    outcome: newest.outcome,
    startedAt: newest.startedAt,
    endedAt: newest.endedAt,
    durationMs: null,
    leaseExpiresAt: null,
    deadlineAt: null,
    summary: {},
    problems: [],
    error: newest.error,
    attempts: [...cut, newest].slice(-ATTEMPTS_KEPT),
    duplicates: 0,
    expireAt: null,
  };
}

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

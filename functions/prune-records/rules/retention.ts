import { z } from 'zod';
import { addMs, laterOf, MINUTE_MS } from '../../shared/dates.ts';
import { cleanupPlanSchema } from '../../shared/model/cleanup/cleanup.ts';
import { EXPIRING, type ExpiringKind, RUNS_PER_TASK } from '../../shared/model/run/retention.ts';
import { runSchema } from '../../shared/model/run/run.ts';
import { WATCHED_MS } from '../../shared/model/run/watch.ts';

/**
 * Which of our records stay although their time is over. Removing any of them changes no figure of a day: those are made
 * of the user's jobs and of what is stored below the day itself, never of runs, alarms, plans or journals.
 */

/** Clocks differ by less, and no run begins so long before its slot. */
const SKEW_MS = 5 * MINUTE_MS;

const runFieldsSchema = runSchema.pick({
  task: true,
  outcome: true,
  startedAt: true,
  endedAt: true,
  expireAt: true,
});
/** A run as retention sees it. */
export type KeptRun = z.infer<typeof runFieldsSchema> & { id: string };
const planFieldsSchema = cleanupPlanSchema.pick({ status: true, createdAt: true, appliedAt: true });
/** A plan as retention sees it. */
export type KeptPlan = z.infer<typeof planFieldsSchema>;

/** What decides about the runs of one task. */
export interface TaskFacts {
  newestRunId: string | null;
  /** Up to when its slots were watched; `null` before the sweep first saw it. */
  watchedUntil: Date | null;
}

/** Since when a record is due. Throws when its fields lack the instant that its kind goes by. */
export function expiredAt(kind: ExpiringKind, fields: unknown): Date {
  const { field, keptMs } = EXPIRING[kind];
  const instant = z.looseObject({ [field]: z.date() }).parse(fields)[field] as Date;
  return addMs(instant, keptMs);
}

/** The run of these fields. Throws when they are not those of a run. */
export function readRun(id: string, fields: unknown): KeptRun {
  return { id, ...runFieldsSchema.parse(fields) };
}

/** The plan of these fields. Throws when they are not those of a plan. */
export function readPlan(fields: unknown): KeptPlan {
  return planFieldsSchema.parse(fields);
}

/** Why a plan stays; `null` when nothing keeps it. */
export function whyPlanStays({ status, createdAt, appliedAt }: KeptPlan, now: Date): string | null {
  if (status === 'waiting' || status === 'approved' || status === 'applying') return `it is ${status}`;
  const lastUsedAt = appliedAt ?? createdAt;
  return lastUsedAt.getTime() + EXPIRING.plans.keptMs > now.getTime() ? 'it was applied later' : null;
}

/**
 * The runs beyond what is kept of a task, in the order in which they are removed: the oldest successes first, then the
 * oldest of the others. Runs that have expired do not count towards this limit.
 */
export function beyondLimit(runs: readonly KeptRun[], facts: TaskFacts, now: Date): KeptRun[] {
  const lasting = runs.filter(({ expireAt }) => expireAt === null || expireAt > now);
  const isOther = ({ outcome }: KeptRun) => Number(outcome !== 'succeeded');
  return lasting
    .filter((run) => whyRunStays(run, facts, now) === null)
    .sort((a, b) => isOther(a) - isOther(b) || a.startedAt.getTime() - b.startedAt.getTime())
    .slice(0, Math.max(0, lasting.length - RUNS_PER_TASK));
}

/** Why a run's record stays; `null` when nothing keeps it. */
export function whyRunStays(
  { id, outcome, endedAt }: KeptRun,
  { newestRunId, watchedUntil }: TaskFacts,
  now: Date,
): string | null {
  if (outcome === 'running' || endedAt === null) return 'it says that it is running';
  if (id === newestRunId) return 'it is the newest of its task';
  // The sweep reports a slot without any record as missed. It looks back to its last look, and a task new to it starts from
  // now; but the records of a task that no sweep looks at do not stay for ever.
  const lookedAtFrom = watchedUntil && laterOf(watchedUntil, addMs(now, -WATCHED_MS)).getTime() - SKEW_MS;
  if (lookedAtFrom !== null && endedAt.getTime() > lookedAtFrom) return 'its slot is not watched yet';
  return null;
}

import { type CatalogEntry, retryWindowSeconds } from '../catalog.ts';
import { parseInstant, SECOND_MS } from '../dates.ts';
import { manualRunId, scheduledRunId } from '../model/run.ts';

/** How far ahead of our clock a slot may lie and still be the one that is due. */
const EARLY_TOLERANCE_MS = 30 * SECOND_MS;

/** A header of the delivery by its name, in whatever case. */
export type Header = (name: string) => string | undefined;

/** What made a run, and the run's id that follows from it. */
export type NamedTrigger =
  | { trigger: 'scheduled'; slot: Date; runId: string }
  | { trigger: 'manual'; slot: null; runId: string };

/**
 * Names a delivery: `scheduled` when Cloud Scheduler's headers name the task's own job and a slot that is due now or
 * still within its retries. Anything else is manual: a forced run can carry the *next* slot's time, and must never eat
 * tomorrow's run. The header's text may carry any offset; only the instant counts.
 */
export function nameTrigger(entry: CatalogEntry, header: Header, now: Date, uuid: string): NamedTrigger {
  const slot = parseInstant(header('X-CloudScheduler-ScheduleTime') ?? '');
  if (slot && header('X-CloudScheduler-JobName') === entry.task) {
    const oldest = now.getTime() - retryWindowSeconds(entry) * SECOND_MS;
    const newest = now.getTime() + EARLY_TOLERANCE_MS;
    if (slot.getTime() >= oldest && slot.getTime() <= newest)
      return { trigger: 'scheduled', slot, runId: scheduledRunId(entry.task, slot) };
  }
  return { trigger: 'manual', slot: null, runId: manualRunId(entry.task, uuid) };
}

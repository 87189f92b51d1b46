import type { CatalogEntry } from '../catalog.ts';
import { isSlot } from '../cron.ts';
import { DAY_MS, MINUTE_MS, parseInstant, SECOND_MS } from '../dates.ts';
import { manualRunId, scheduledRunId } from '../model/run/run.ts';

/** How far ahead of our clock a slot may lie and still be the one that is due. */
const EARLY_TOLERANCE_MS = 30 * SECOND_MS;
/** How old a slot may be: as old as the days that collect-metrics still collects. */
const OLDEST_SLOT_MS = 35 * DAY_MS;

/** A header of the delivery by its name, in whatever case. */
export type Header = (name: string) => string | undefined;

/** What caused a run, and the run's id that follows from it. */
export type NamedTrigger =
  | { trigger: 'scheduled'; slot: Date; runId: string }
  | { trigger: 'manual'; slot: null; runId: string };

/**
 * Names a delivery: `scheduled` when Cloud Scheduler's headers name the task's own job and a slot of its schedule that is
 * due, however late it is delivered and however often. Anything else is manual: a forced run can carry the *next* slot's
 * time, and must never eat tomorrow's run. The header's text may carry any offset; only the instant counts, to the minute:
 * Cloud Scheduler sometimes sends the time at which it handled the slot, up to seconds after it.
 */
export function nameTrigger(entry: CatalogEntry, header: Header, now: Date, uuid: string): NamedTrigger {
  const given = parseInstant(header('X-CloudScheduler-ScheduleTime') ?? '');
  if (given && header('X-CloudScheduler-JobName') === entry.task) {
    const slot = new Date(Math.floor(given.getTime() / MINUTE_MS) * MINUTE_MS);
    const lateMs = now.getTime() - slot.getTime();
    const isDue = lateMs >= -EARLY_TOLERANCE_MS && lateMs <= OLDEST_SLOT_MS;
    if (isDue && isSlot(entry.schedule, slot))
      return { trigger: 'scheduled', slot, runId: scheduledRunId(entry.task, slot) };
  }
  return { trigger: 'manual', slot: null, runId: manualRunId(entry.task, uuid) };
}

import { type Day, endOfDay } from '../../shared/dates.ts';
import {
  type DailyMetrics,
  endedOf,
  type Figures,
  RECORD_SOURCES,
  type Sections,
} from '../../shared/model/day/day.ts';
import { type AlarmChanges, alarmId, NO_CHANGES } from '../../shared/model/run/alarm.ts';

/** The most names of vanished records that a conflict keeps. */
const VANISHED_KEPT = 100;

/** Figures of a day that decrease only where records vanish or move to another day. */
interface Counts {
  started: number;
  ended: number;
  hoursCompleted: number;
}

/** A day's conflict after a collection, and the changes of its alarm. */
interface ConflictAfter extends Required<AlarmChanges> {
  conflict: DailyMetrics['conflict'];
}

/** Whether figures of a record source decreased in a way that vanished records could explain. */
export function decreased(
  stored: DailyMetrics,
  found: { jobs?: Figures | undefined; etl?: Figures | undefined },
): boolean {
  return RECORD_SOURCES.some((source) => {
    const [before, after] = [stored[source], found[source]];
    if (!before || !after) return false;
    const hours = source === 'jobs' ? (stored.gpu?.hoursCompleted ?? 0) : 0;
    return (
      after.jobs.started < before.started ||
      endedOf(after.jobs) < endedOf(before) ||
      after.gpu.hoursCompleted < hours
    );
  });
}

/**
 * Opens, continues or ends the conflict of a day. Vanished records open it; it lasts until the records and the figures are
 * back, or a person accepts the new figures. `members` are the names of the jobs that the day counts now; `null` where no
 * records were read.
 */
export function conflictAfter(
  stored: DailyMetrics | null,
  after: Sections,
  date: Day,
  vanished: readonly string[],
  members: readonly string[] | null,
): ConflictAfter {
  const standing = stored?.conflict ?? null;
  const now = countsOf(after);
  if (vanished.length > 0 && stored) {
    const before = countsOf(stored);
    const incident = { subject: 'collect-metrics', kind: 'conflict', brokenAt: endOfDay(date) } as const;
    const conflict = {
      started: Math.max(before.started, standing?.started ?? 0),
      ended: Math.max(before.ended, standing?.ended ?? 0),
      hoursCompleted: Math.max(before.hoursCompleted, standing?.hoursCompleted ?? 0),
      vanished: [...new Set([...(standing?.vanished ?? []), ...vanished])].slice(0, VANISHED_KEPT),
      alarmId: alarmId(incident),
    };
    const message = sankMessage(date, conflict, now, conflict.vanished.length);
    return standing
      ? { ...NO_CHANGES, conflict, reword: [{ id: standing.alarmId, message }] }
      : { ...NO_CHANGES, conflict, open: [{ ...incident, message }] };
  }
  const back =
    standing !== null &&
    now.started >= standing.started &&
    now.ended >= standing.ended &&
    now.hoursCompleted >= standing.hoursCompleted &&
    // By name, so that jobs which one source gained do not hide those that the other lost.
    standing.vanished.every((name) => members?.includes(name));
  return back
    ? { ...NO_CHANGES, conflict: null, close: [{ id: standing.alarmId, because: 'the records are back' }] }
    : { ...NO_CHANGES, conflict: standing };
}

function countsOf({ jobs, etl, gpu }: Sections): Counts {
  const counted = [jobs, etl].filter((figures) => figures !== null);
  return {
    started: counted.reduce((sum, { started }) => sum + started, 0),
    ended: counted.reduce((sum, figures) => sum + endedOf(figures), 0),
    hoursCompleted: gpu?.hoursCompleted ?? 0,
  };
}

function sankMessage(date: Day, before: Counts, now: Counts, vanished: number): string {
  const records = vanished === 1 ? '1 job record' : `${vanished} job records`;
  const counted = `${before.started} started, now ${now.started}; ${before.ended} ended, now ${now.ended}`;
  return `${records} of ${date} vanished: it counted ${counted}. Settle it: npm run -s ops -- days accept ${date}`;
}

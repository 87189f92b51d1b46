import { addMs, earlierOf } from '../../shared/dates.ts';
import type { Envelope, Report } from '../../shared/model/report/report.ts';
import type { EventClock } from '../../shared/model/report/stored.ts';

/** When what a report tells was true, on our clock. */
export interface EventTimes {
  at: Date;
  clock: EventClock;
  /** When its execution started; `null` where it does not say. */
  startedAt: Date | null;
}

/**
 * Puts the times of a report on our clock by its age: what the reporter's clocks say now less what they said then. So
 * neither a wrong clock nor one that was set, nor a replay after an outage, moves an event. The clock that counts from the
 * boot is believed before the wall clock; what names no time is of now. Never after now.
 */
export function eventTimes(
  report: Pick<Report, 'at' | 'bootMs' | 'bootId' | 'startedAt'>,
  envelope: Pick<Envelope, 'sentAt' | 'boot'>,
  receivedAt: Date,
): EventTimes {
  const { at: wall, startedAt: start } = report;
  const bootAge = ageSinceBoot(report, envelope);
  /** How far our clock is ahead of the reporter's wall clock. */
  const offset = envelope.sentAt ? receivedAt.getTime() - envelope.sentAt.getTime() : 0;
  const onOurs = (time: Date) => earlierOf(receivedAt, addMs(time, offset));
  const at = bootAge !== null ? addMs(receivedAt, -bootAge) : wall ? onOurs(wall) : receivedAt;
  const clock = bootAge !== null ? 'boot' : wall ? 'wall' : 'server';
  if (!start) return { at, clock, startedAt: null };
  // By how long it had run then, for the wall clock may have been set since.
  const ranMs = wall ? wall.getTime() - start.getTime() : null;
  return {
    at,
    clock,
    startedAt: ranMs === null ? earlierOf(at, onOurs(start)) : addMs(at, -Math.max(0, ranMs)),
  };
}

/** `null` where the clock that it was taken by is not running any more, or not known. */
function ageSinceBoot(
  { bootMs, bootId }: Pick<Report, 'bootMs' | 'bootId'>,
  { boot }: Pick<Envelope, 'boot'>,
): number | null {
  if (bootMs === undefined || !boot || bootId !== boot.id) return null;
  return Math.max(0, boot.ms - bootMs);
}

import { addDays, type Day, dayOf } from '../../shared/dates.ts';
import {
  type PlatformFigures,
  type PlatformSections,
  type PlatformSource,
  sectionOf,
} from '../../shared/model/day/platform.ts';

/**
 * Some figures can only be read as they are now, such as the number of buckets. They are read on the day after, when they
 * still describe the day. In every later collection they are `null`, and what was seen first stays. `keepSeen` of each
 * section names these figures.
 */

/** Whether what exists at `now` still describes a day: only on the day after. */
export function canSeeNow(date: Day, now: Date): boolean {
  return addDays(dayOf(now), -1) === date;
}

/** Returns what a source found, with the figures that were seen first where any were. */
export function keepSeen<Source extends PlatformSource>(
  source: Source,
  found: PlatformFigures[Source],
  stored: PlatformSections,
): PlatformFigures[Source] {
  const stands = stored[source];
  return stands ? sectionOf(source).keepSeen(found, stands) : found;
}

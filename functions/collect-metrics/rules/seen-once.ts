import { addDays, type Day, dayOf } from '../../shared/dates.ts';
import {
  type PlatformFigures,
  type PlatformSections,
  type PlatformSource,
  sectionOf,
} from '../../shared/model/day/platform.ts';

/**
 * Some figures can only be read as they are now, such as how many buckets there are. They are read on the day after, while
 * they still tell of the day; in every later collection they are `null`, and what was seen first stays. Which figures these
 * are, the `keepSeen` of each section says.
 */

/** Whether what there is at `now` still tells of a day: only on the day after. */
export function canSeeNow(date: Day, now: Date): boolean {
  return addDays(dayOf(now), -1) === date;
}

/** What a source found, but with the figures that were seen first where any were. */
export function keepSeen<Source extends PlatformSource>(
  source: Source,
  found: PlatformFigures[Source],
  stored: PlatformSections,
): PlatformFigures[Source] {
  const stands = stored[source];
  return stands ? sectionOf(source).keepSeen(found, stands) : found;
}

import { mapPool, withDeadline } from '../shared/concurrency.ts';
import { addDays, type Day, dayOf, earlierOf, endOfDay } from '../shared/dates.ts';
import { DeadlineExceeded } from '../shared/errors.ts';
import type { Limits } from '../shared/cloud/rest.ts';
import { PLATFORM_SCHEMAS, type PlatformFigures, type PlatformSource } from '../shared/model/platform.ts';

/** What a metric source of the platform is asked for. */
export interface Asked {
  date: Day;
  /** The end of the day, or now where it has not ended: the instant that gauges are read for. */
  until: Date;
  /** Whether what can only be seen now is to be looked at: only on the day after, while it still tells of the day. */
  lookNow: boolean;
}

/**
 * A metric source of the platform: finds one day's section. What it was not asked to look at now is `null` in it. Rejects
 * when anything but single regions fails.
 */
export type Collect<Source extends PlatformSource> = (
  asked: Asked,
  limits: Limits,
) => Promise<PlatformFigures[Source]>;

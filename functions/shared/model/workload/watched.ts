import { z } from 'zod';
import { REFRESHERS } from './refresh.ts';

/** What observe-workloads answers to somebody who looks at its tables, and status passes on. */

/** `refreshed`: all tables were asked. `under-way`: another refresh does that. `too-soon`: another one has just done it. */
export const WATCH_OUTCOMES = ['refreshed', 'under-way', 'too-soon'] as const;

const instant = z.iso.datetime();

export const watchedSchema = z.object({
  did: z.enum(WATCH_OUTCOMES),
  /** Whoever asked for the refresh that is told of, and when it began. */
  by: z.enum(REFRESHERS),
  startedAt: instant,
  /** Before it another one is not made. */
  againAt: instant,
});
export type Watched = z.infer<typeof watchedSchema>;

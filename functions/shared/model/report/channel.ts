import { z } from 'zod';

/** `reportChannels/{source}`: whether reports of a source reach us at all. */
export const channelSchema = z.object({
  source: z.string(),
  /** When any report of the source was accepted; behind the truth by CHANNEL_EVERY_MS at most. */
  lastAcceptedAt: z.date(),
  /** Reports accepted since the beginning. */
  accepted: z.number().default(0),
  /** Ends that the sweep inferred and an execution's own end corrected, since the beginning. */
  falseLost: z.number().default(0),
  /** Records that were made for reports, by day and reporter: a budget holds them. */
  created: z.record(z.string(), z.number()).default({}),
});
export type ReportChannel = z.infer<typeof channelSchema>;

/** An instance writes the channel of a source at most so often. */
export const CHANNEL_EVERY_MS = 15_000;

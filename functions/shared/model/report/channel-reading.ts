import type { ReportChannel } from './channel.ts';

/** Whether reports of a source arrive, as it was read. */
export interface Channel {
  /** `null` where no report was ever accepted, and where it cannot be read. */
  record: ReportChannel | null;
  /** Why it is there and cannot be read; `null` where it can. */
  unreadable: string | null;
}

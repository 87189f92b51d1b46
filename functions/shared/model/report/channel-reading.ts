import type { ReportChannel } from './channel.ts';

/** Whether reports of a source arrive, as it was read. */
export interface Channel {
  /** `null` where no report was ever accepted, and where it cannot be read. */
  record: ReportChannel | null;
  /**
   * Where it is silent: how many jobs that reported until then have not ended, so that more was to come. `null` where they
   * were not counted.
   */
  waiting: number | null;
  /** Why it is there and cannot be read; `null` where it can. */
  unreadable: string | null;
}

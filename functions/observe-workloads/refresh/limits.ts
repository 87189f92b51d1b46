import { SECOND_MS } from '../../shared/dates.ts';

/** A call gets a little less than its deadline, so that its own error can say what was pending. */
export const OWN_SHARE = 0.97;

/** How long the parts of a refresh may take; all together take less than its lease. */
export interface RefreshLimits {
  /** The access token. It counts towards the time of the tables. */
  tokenMs: number;
  /** A region, with its tries and pages. */
  regionMs: number;
  /** Every table, and so all of them, for they are asked beside each other. */
  tableMs: number;
  /** The records of one source, in which the jobs of a table are looked for once its regions have answered. */
  sourceMs: number;
  /** One reading of a log, or one look for a workload. */
  callMs: number;
  /** All of it but its last writes: what is not found out by then is left to the next refresh. */
  wholeMs: number;
  /** After so long what has settled is written, and what has not is named. */
  progressMs: number;
  /** A refresh that began less than this ago is not repeated, whoever asks. */
  apartMs: number;
}

export const REFRESH_LIMITS: RefreshLimits = {
  tokenMs: 5 * SECOND_MS,
  regionMs: 12 * SECOND_MS,
  tableMs: 15 * SECOND_MS,
  sourceMs: 3 * SECOND_MS,
  callMs: 15 * SECOND_MS,
  wholeMs: 14.5 * SECOND_MS,
  progressMs: 3 * SECOND_MS,
  apartMs: 25 * SECOND_MS,
};

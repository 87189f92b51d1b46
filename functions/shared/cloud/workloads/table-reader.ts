import type { PlatformSaid } from '../../model/workload/end.ts';
import type { Row, Seen } from '../../model/workload/row.ts';
import type { Limits, RestCall } from '../rest/rest.ts';

/** How the workloads of one table are asked about. */

/** The limits of one call, and who wants to know how far it has come. */
export interface CallLimits extends Limits, Pick<RestCall<unknown>, 'onStage'> {
  /** Whether a log may be asked for one page more, where each is counted. */
  mayGoOn?: () => boolean;
}

/** A workload as its platform lists it. */
export interface Listed {
  seen: Seen;
  /** Its full name as the platform gives it, with the project's id or number; `null` where it gives none. */
  resource: string | null;
  /** What the platform says of its end. */
  said: PlatformSaid;
}

/** The newest workloads of one place. */
export interface Listing {
  listed: Listed[];
  /** Whether there are more than were read. */
  more: boolean;
}

/** Asks about one table. Every call rejects with UpstreamError, with DeadlineExceeded, or with the reason of its signal. */
export interface TableReader {
  /** The vendor's name of what `list` calls. */
  listOperation: string;
  /** The same of what `linesOf` and `countersOf` call. */
  logOperation: string;
  /** Lists the workloads of a place that have not ended, and those that are not old at `now`. */
  list(place: string, now: Date, limits: CallLimits): Promise<Listing>;
  /** Looks for one workload by its id; `null` where the platform itself says that there is none. */
  get(row: Row, limits: CallLimits): Promise<Listed | null>;
  /** The last lines of its log, oldest first; none where nothing was logged. */
  linesOf(row: Row, limits: CallLimits): Promise<string[]>;
  /** The lines in which workloads count the jobs that they ran, by id, in one reading of logs. */
  countersOf?(rows: readonly Row[], limits: CallLimits): Promise<Map<string, string[]>>;
}

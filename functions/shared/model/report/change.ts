import type { Evidence } from '../job/evidence.ts';
import type { JobState } from '../job/states.ts';
import type { StoredReport } from './stored.ts';

/** How reports change a record: what is left out stays as it is. */
export interface RecordChange {
  state?: JobState;
  startedAt?: Date;
  heartbeatAt?: Date;
  endedAt?: Date;
  /** `null` takes an error of ours away. */
  error?: string | null;
  report: StoredReport;
  /** Why an end that was presumed is another one now, or is presumed. */
  ending?: { evidence: Omit<Evidence, 'fields'>; endInferred: boolean };
  /** When the reports came. */
  at: Date;
}

/** What a new record has besides. */
export interface NewRecord {
  id: string;
  project: string | null;
  createdAt: Date;
}

import { addMs, MINUTE_MS } from '../../shared/dates.ts';
import { isTerminal, type Job } from '../../shared/model/job/job.ts';
import type { JobState } from '../../shared/model/job/states.ts';
import type { ReportResult } from '../../shared/model/report/answer.ts';
import type { Report, ReportedState } from '../../shared/model/report/report.ts';
import type { StoredReport } from '../../shared/model/report/stored.ts';
import type { EventTimes } from './times.ts';

/** Clocks may differ by so much, and a record may be made so long after what it tells of. */
export const SKEW_MS = 5 * MINUTE_MS;

/** A job's record as far as reports change it. */
export interface ReportedRecord {
  /** `null` where it says nothing, or where there is no record. */
  state: JobState | null;
  startedAt: Date | null;
  heartbeatAt: Date | null;
  endedAt: Date | null;
  error: string | null;
  /**
   * How it ended: `recorded` by its reporter, its backend or its platform; `presumed` by the sweep, of one that fell
   * silent; `by-hand` by a person. `null` while it has not.
   */
  ending: 'recorded' | 'presumed' | 'by-hand' | null;
  /** When its end was presumed. */
  foundAt: Date | null;
  /** An earlier start is not believed; `null` where any is. */
  notBefore: Date | null;
  /** When anybody wrote it last, by Firestore's clock; `null` where it does not exist. */
  writtenAt: Date | null;
  /** Whether it is the record of one execution, so that it tells of no other try. */
  isOneTry: boolean;
  /** When those of its executions began that have not ended, by their own records; `null` where nobody looked. */
  others: readonly Date[] | null;
  report: StoredReport | null;
}

/** A report whose times are on our clock. */
export interface TimedReport
  extends Omit<Report, 'at' | 'bootMs' | 'bootId' | 'startedAt' | 'job'>,
    EventTimes {
  state: ReportedState;
  /** The e-mail address of whoever reports; `null` beside an emulator. */
  by: string | null;
}

/** What became of a report. */
export interface FoldResult {
  result: ReportResult;
  /** The execution that it is of. */
  execution: string;
  /** Why it is rejected, and where. */
  problem?: { path: string; message: string; expected: string };
}

/** A record that does not exist. */
export function noRecord(notBefore: Date): ReportedRecord {
  return {
    state: null,
    startedAt: null,
    heartbeatAt: null,
    endedAt: null,
    error: null,
    ending: null,
    foundAt: null,
    notBefore,
    writtenAt: null,
    isOneTry: false,
    others: null,
    report: null,
  };
}

/** The record of a job whose status can be read, as the fold takes it. */
export function reportedRecord(job: Job, writtenAt: Date | null): ReportedRecord {
  const { state, startedAt, heartbeatAt, endedAt, createdAt, error, added } = job;
  return {
    state: state === 'unknown' ? null : state,
    startedAt,
    heartbeatAt,
    endedAt,
    error,
    ending: isTerminal(state) ? endingOf(job) : null,
    foundAt: added.evidence?.foundAt ?? null,
    notBefore: createdAt && addMs(createdAt, -SKEW_MS),
    writtenAt,
    isOneTry: false,
    others: null,
    report: added.report,
  };
}

/** That no other execution follows, is known by silence alone. */
const BY_SILENCE = 'executions-ended';

/** An end rests on silence where neither a person nor a backend told of it. */
function endingOf({ added: { endInferred, evidence } }: Job): 'recorded' | 'presumed' | 'by-hand' {
  if (evidence?.by != null) return 'by-hand';
  if (evidence?.rule === BY_SILENCE) return 'presumed';
  const isTold = evidence !== null && evidence.backend !== null && evidence.verdict !== 'lost';
  return endInferred && !isTold ? 'presumed' : 'recorded';
}

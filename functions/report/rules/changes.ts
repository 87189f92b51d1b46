import { addDays, type Day, dayOf, daysBetween } from '../../shared/dates.ts';
import type { Evidence } from '../../shared/model/job/evidence.ts';
import type { RecordChange } from '../../shared/model/report/change.ts';
import type { ReportedRecord } from './reported-record.ts';

/** The end of one record makes at most so many days be collected again, the newest that it touches. */
const MOST_DAYS = 400;

/** The run that evidence names where no run but a report found it. */
export const REPORT_RUN = 'report';

/** What is written for a record that reports have changed at `at`; `null` for one that they have not. */
export function changeOf(
  before: ReportedRecord,
  after: ReportedRecord,
  was: string,
  at: Date,
): RecordChange | null {
  const { report } = after;
  if (!report || isUnchanged(before, after)) return null;
  const { state, startedAt, heartbeatAt, endedAt } = after;
  const ending = endingOf(before, after, was, at);
  return {
    report,
    at,
    ...(state !== null && state !== before.state ? { state } : {}),
    ...(startedAt && !isSame(startedAt, before.startedAt) ? { startedAt } : {}),
    ...(heartbeatAt && !isSame(heartbeatAt, before.heartbeatAt) ? { heartbeatAt } : {}),
    ...(endedAt && !isSame(endedAt, before.endedAt) ? { endedAt } : {}),
    ...(after.error !== before.error ? { error: after.error } : {}),
    ...(ending ? { ending } : {}),
  };
}

function isUnchanged(before: ReportedRecord, after: ReportedRecord): boolean {
  if (before === after) return true;
  // Mostly a beat, which is told apart without going through all that is stored.
  if (before.heartbeatAt?.getTime() !== after.heartbeatAt?.getTime()) return false;
  if (before.report?.seq !== after.report?.seq) return false;
  return JSON.stringify(before) === JSON.stringify(after);
}

function isSame(a: Date, b: Date | null): boolean {
  return a.getTime() === b?.getTime();
}

/** An end that takes the place of a presumed one, or is presumed itself, has its evidence. */
function endingOf(
  before: ReportedRecord,
  { ending, state, report, error }: ReportedRecord,
  was: string,
  at: Date,
): RecordChange['ending'] {
  if (ending === before.ending || !report) return undefined;
  const base = { backend: null, askedAt: null, said: null, was, foundAt: at, runId: REPORT_RUN, by: null };
  const who = `execution ${report.execution}${report.host === null ? '' : ` on ${report.host}`}`;
  if (ending === 'presumed') {
    const evidence: Omit<Evidence, 'fields'> = {
      ...base,
      verdict: 'lost',
      rule: 'superseded',
      because: error ?? `${who} was superseded`,
    };
    return { evidence, endInferred: true };
  }
  if (before.ending !== 'presumed') return undefined;
  const evidence: Omit<Evidence, 'fields'> = {
    ...base,
    verdict: state === 'failed' ? 'fail' : 'finish',
    rule: 'reported-end',
    because: `${who} told its own end: ${state}`,
  };
  return { evidence, endInferred: false };
}

/** The record of an execution that a newer one took over from before it told of its end. */
export function supersededBy(record: ReportedRecord, newest: string, at: Date): ReportedRecord {
  const { report, startedAt, error } = record;
  return {
    ...record,
    state: 'failed',
    endedAt: report?.aliveAt ?? startedAt ?? at,
    error: error ?? `Superseded by execution ${newest}`,
    ending: 'presumed',
    foundAt: at,
  };
}

/** The days before today whose figures a change makes wrong. */
export function dirtyDaysOf({ startedAt, endedAt, at }: RecordChange): Day[] {
  const times = [startedAt, endedAt].flatMap((time) => time?.getTime() ?? []);
  if (times.length === 0) return [];
  const first = dayOf(new Date(Math.min(...times)));
  const last = addDays(dayOf(at), -1);
  return first > last ? [] : daysBetween(first, last).slice(-MOST_DAYS);
}

import { addMs, DAY_MS, laterOf } from '../../shared/dates.ts';
import { isTerminal } from '../../shared/model/job/job.ts';
import type { StoredReport } from '../../shared/model/report/stored.ts';
import { startOf } from './execution.ts';
import { type ReportedRecord, SKEW_MS, type TimedReport } from './reported-record.ts';

/**
 * Whether the record of a job shows another try than the one that a report is of. Whoever starts jobs may begin the next try
 * in the record, and that one need not report: then only the record tells that the reports which waited are of the past.
 */

/** A report that is dated further back comes from a wrong clock rather than from an outbox, and proves no order. */
const OLDEST_MS = 30 * DAY_MS;

/** Whether a report is of a try before the one that the record shows; `known` is what is stored of its execution. */
export function isOfEarlierTry(
  record: ReportedRecord,
  known: StoredReport | null,
  report: TimedReport,
  receivedAt: Date,
): boolean {
  const isOpen = !record.state || !isTerminal(record.state);
  if (record.isOneTry || (!isOpen && record.ending !== 'presumed')) return false;
  if (report.at < addMs(receivedAt, -OLDEST_MS)) return false;
  if (hasBegunAnew(record, report, receivedAt)) return true;
  if (!isOpen) return false;
  return (
    isQueuedAgain(record, known, report) ||
    isOutlived(record, report, receivedAt) ||
    isFollowed(record, report, receivedAt)
  );
}

/**
 * Whether the start in the record is another try's: later than the report's own, and than the one under which its execution
 * was applied last, by more than clocks differ. What lives on long after that start belongs to it all the same, for the
 * record may have been written late, or its process resumed; an end alone does not show that.
 */
function hasBegunAnew(
  { startedAt, report: current }: ReportedRecord,
  report: TimedReport,
  receivedAt: Date,
): boolean {
  if (!startedAt || startedAt > addMs(receivedAt, SKEW_MS)) return false;
  const known = [current?.startedAt, current?.recordStart, startOf(report)].flatMap((at) => at ?? []);
  if (startedAt <= addMs(known.reduce(laterOf), SKEW_MS)) return false;
  return isLastWord(report) || report.at <= addMs(startedAt, SKEW_MS);
}

/** Whether nothing of its execution lives on after a report. */
function isLastWord({ end, state }: TimedReport): boolean {
  return end !== undefined || state === 'gone';
}

/** Whether the record waits for its next try since the report was true. */
function isQueuedAgain(record: ReportedRecord, known: StoredReport | null, report: TimedReport): boolean {
  const { state, writtenAt } = record;
  if (state !== 'queued') return false;
  // Who was said to run does so again only where life is seen well after the record was put back.
  if (known)
    return (
      known.state !== 'queued' && (isLastWord(report) || !writtenAt || report.at <= addMs(writtenAt, SKEW_MS))
    );
  return ranBefore(record, report) && writtenAt !== null && report.at <= writtenAt;
}

/** Whether a report's execution began no later than the try that the record of a queued job has behind it. */
function ranBefore({ startedAt, heartbeatAt }: ReportedRecord, report: TimedReport): boolean {
  const start = startOf(report);
  return (
    (startedAt !== null && start <= addMs(startedAt, SKEW_MS)) ||
    (heartbeatAt !== null && start <= heartbeatAt)
  );
}

/** Whether the record has a heartbeat of well after the end that is reported, which no report brought. */
function isOutlived(
  { heartbeatAt, report: current }: ReportedRecord,
  { end, at }: TimedReport,
  receivedAt: Date,
): boolean {
  if (!end || end.final === false || !heartbeatAt || heartbeatAt > addMs(receivedAt, SKEW_MS)) return false;
  if (heartbeatAt <= addMs(at, SKEW_MS)) return false;
  const rivals = (current?.rivals ?? []).map(({ aliveAt }) => aliveAt);
  // A source may keep its heartbeat where it keeps when the record was written.
  return [current?.aliveAt, current?.receivedAt, ...rivals].every((ours) => !ours || heartbeatAt > ours);
}

/** Whether another execution, which has not ended by its own record, began when the one that ended was over. */
function isFollowed({ others }: ReportedRecord, report: TimedReport, receivedAt: Date): boolean {
  const { end, at } = report;
  if (!end || end.final === false) return false;
  const after = laterOf(addMs(startOf(report), SKEW_MS), addMs(at, -SKEW_MS));
  return (others ?? []).some((began) => began > after && began <= addMs(receivedAt, SKEW_MS));
}

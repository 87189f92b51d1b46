import { fold } from '../../../functions/report/rules/fold.ts';
import type { ReportedRecord, TimedReport } from '../../../functions/report/rules/reported-record.ts';
import { minutesAgo, NOTHING, NOW } from './histories.ts';

/** What an execution A tells, and the record of its job after that. */

/** A report of execution A, of so many minutes ago. */
export function told(minutes: number, over: object = {}): TimedReport {
  const base = {
    execution: 'A',
    at: minutesAgo(minutes),
    startedAt: minutesAgo(120),
    clock: 'boot',
    by: null,
  };
  return { ...base, state: 'running', host: 'h1', ...over } as TimedReport;
}
export const ended = (minutes: number, over: object = {}, end: object = {}) =>
  told(minutes, { state: 'failed', end: { state: 'failed', ...end }, ...over });

export const RUNNING: ReportedRecord = { ...NOTHING, state: 'running', startedAt: minutesAgo(120) };

/** The record after reports, and what became of each. */
export function after(record: ReportedRecord, ...reports: TimedReport[]) {
  const { record: next, results } = fold(record, reports, NOW);
  return { ...next, results: results.map(({ result }) => result) };
}

/** The record after reports of A, once others wrote `over` into it. */
export const written = (over: Partial<ReportedRecord>, ...reports: TimedReport[]): ReportedRecord => ({
  ...fold(RUNNING, reports, NOW).record,
  ...over,
});

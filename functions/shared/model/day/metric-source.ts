import { z } from 'zod';
import { type AlarmChanges, type AlarmToOpen, alarmId, NO_CHANGES } from '../run/alarm.ts';
import { METRIC_SOURCES, type MetricSource } from './day.ts';

/** `metricSources/{source}`: the failures in a row of a metric source that failed at least once. */
export const metricSourceSchema = z.object({
  source: z.enum(METRIC_SOURCES),
  /** Whole runs in a row in which it failed; 0 since it answered again. */
  failures: z.int().min(0),
  failingSince: z.date().nullable(),
  error: z.string().nullable(),
  /** The alarm that is open for it. */
  alarmId: z.string().nullable(),
  /** The last run that was counted: its further attempts count no more. */
  runId: z.string(),
});
export type MetricSourceRecord = z.infer<typeof metricSourceSchema>;

/** How a source fared in a whole run; `error` is `null` when it answered. */
export interface Fared {
  source: MetricSource;
  error: string | null;
  at: Date;
  runId: string;
}

/** What a run changes of a source's record; `null` when nothing. */
export interface RecordAfter extends Required<AlarmChanges> {
  record: MetricSourceRecord;
}

/** The record after a run: the failure in a row that reaches `limit` opens an alarm, the first answer closes it. */
export function recordAfter(
  before: MetricSourceRecord | null,
  { source, error, at, runId }: Fared,
  limit: number,
): RecordAfter | null {
  if (error === null) return rowEnded(before, runId, `metric source ${source} answers again`);
  if (before?.runId === runId && before.failures > 0) return null;
  const failures = (before?.failures ?? 0) + 1;
  const failingSince = before?.failingSince ?? at;
  const record = { source, failures, failingSince, error, alarmId: before?.alarmId ?? null, runId };
  const message = `Metric source ${source} failed in ${failures} runs in a row, since ${failingSince.toISOString()}: ${error}`;
  if (record.alarmId) return { ...NO_CHANGES, record, reword: [{ id: record.alarmId, message }] };
  if (failures < limit) return { ...NO_CHANGES, record };
  const alarm: AlarmToOpen = { subject: source, kind: 'source-failing', brokenAt: at, message };
  return { ...NO_CHANGES, record: { ...record, alarmId: alarmId(alarm) }, open: [alarm] };
}

/** The record of a source that is no longer asked: what is not there cannot fail. */
export function recordDropped(before: MetricSourceRecord | null, runId: string): RecordAfter | null {
  return rowEnded(before, runId, `the settings name metric source ${before?.source} no more`);
}

function rowEnded(before: MetricSourceRecord | null, runId: string, because: string): RecordAfter | null {
  if (!before || before.failures === 0) return null;
  const record = { ...before, failures: 0, failingSince: null, error: null, alarmId: null, runId };
  return { ...NO_CHANGES, record, close: before.alarmId ? [{ id: before.alarmId, because }] : [] };
}

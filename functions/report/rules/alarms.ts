import { liveRivals, type StoredReport } from '../../shared/model/report/stored.ts';
import { type AlarmToOpen, alarmId } from '../../shared/model/run/alarm.ts';
import type { ReportedRecord } from './reported-record.ts';

/** What of the alarms about a job is true after its reports. */
export interface AlarmsNow {
  open: AlarmToOpen[];
  /** The ids of those that may be open and must not be, each with the reason. */
  close: { id: string; because: string }[];
}

/** A job that reports have changed. */
export interface ChangedJob {
  source: string;
  id: string;
  before: ReportedRecord;
  after: ReportedRecord;
  /** A rival that was not heard of for longer has gone. */
  silentMs: number;
}

/** The alarms about a job: two executions that run at once, and life after an end that the sweep presumed. */
export function alarmsNow({ source, id, before, after, silentMs }: ChangedJob, now: Date): AlarmsNow {
  const doubled = doubleRun(source, id, after, silentMs, now);
  const former = [before.report, after.report].flatMap((report) =>
    report && report.rivals.length > 0 ? alarmId(doubleRunOf(source, id, report, '')) : [],
  );
  const stays = doubled && alarmId(doubled);
  const over = [...new Set(former)].filter((one) => one !== stays);
  const alive = foundAlive(source, id, after);
  return {
    open: [doubled, alive].flatMap((alarm) => alarm ?? []),
    close: over.map((one) => ({ id: one, because: 'only one execution of it is heard of' })),
  };
}

function doubleRun(
  source: string,
  id: string,
  { report }: ReportedRecord,
  silentMs: number,
  now: Date,
): AlarmToOpen | null {
  const rivals = liveRivals(report, now, silentMs);
  if (!report || rivals.length === 0) return null;
  const others = rivals.map(
    ({ execution, host, aliveAt }) => `${named(execution, host)}, heard of ${aliveAt.toISOString()}`,
  );
  const newest = named(report.execution, report.host);
  const message = `Job ${id} of source ${source} runs ${rivals.length + 1} times at once: ${newest}, and ${others.join('; ')}`;
  return doubleRunOf(source, id, report, message);
}

function doubleRunOf(
  source: string,
  job: string,
  { startedAt, receivedAt }: StoredReport,
  message: string,
): AlarmToOpen {
  return { subject: source, job, kind: 'double-run', brokenAt: startedAt ?? receivedAt, message };
}

function foundAlive(
  source: string,
  id: string,
  { ending, foundAt, report }: ReportedRecord,
): AlarmToOpen | null {
  const aliveAt = report?.aliveAt;
  if (ending !== 'presumed' || !foundAt || !aliveAt || aliveAt <= foundAt) return null;
  const message = `The sweep ended a job of source ${source} that lived: ${id}, ended ${foundAt.toISOString()}: it reported at ${aliveAt.toISOString()}`;
  return { subject: source, kind: 'found-alive', brokenAt: foundAt, message };
}

function named(execution: string, host: string | null): string {
  return `execution ${execution} on ${host ?? 'a host that it does not name'}`;
}

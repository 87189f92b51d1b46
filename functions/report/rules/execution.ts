import { addMs, earlierOf, laterOf } from '../../shared/dates.ts';
import type { StoredReport } from '../../shared/model/report/stored.ts';
import type { ReportedRecord, TimedReport } from './reported-record.ts';

/** Which execution a report is of, and what is stored of it. */

/**
 * The execution of a report. Those that name none and come from one identity are of one: the newest of the job, where that
 * is its own, so that a job may speak beside its wrapper.
 */
export function executionOf({ report: current }: ReportedRecord, { execution, by }: TimedReport): string {
  if (execution !== undefined) return execution;
  return current && current.by === by ? current.execution : `by ${by ?? 'anyone'}`;
}

/** When an execution began, as far as a report says: its start, what its name says, else when it was heard of. */
export function startOf(
  { notBefore }: Pick<ReportedRecord, 'notBefore'>,
  { startedAt, execution, at }: TimedReport,
): Date {
  const start = earlierOf(at, startedAt ?? timeOfUlid(execution) ?? at);
  return notBefore ? laterOf(notBefore, start) : start;
}

const CROCKFORD = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

/** The instant in a ULID, its first ten digits: https://github.com/ulid/spec. */
function timeOfUlid(execution: string | undefined): Date | null {
  if (!execution || !/^[0-7][0-9A-HJKMNP-TV-Z]{25}$/.test(execution)) return null;
  const ms = [...execution.slice(0, 10)].reduce((sum, digit) => sum * 32 + CROCKFORD.indexOf(digit), 0);
  return addMs(new Date(0), ms);
}

/** Whether an execution began before `current`; of two that began together, the name decides. */
export function isOlder(
  { execution, startedAt }: { execution: string; startedAt: Date },
  current: StoredReport,
): boolean {
  const other = current.startedAt ?? current.aliveAt ?? current.receivedAt;
  const ms = startedAt.getTime() - other.getTime();
  return ms === 0 ? execution < current.execution : ms < 0;
}

/** What is stored of an execution after a report that no later one is known to. */
export function toldOf(
  record: ReportedRecord,
  execution: string,
  report: TimedReport,
  receivedAt: Date,
): StoredReport {
  const { report: current } = record;
  const same = current?.execution === execution ? current : null;
  const { state, end, progress, checkpoint } = report;
  const started =
    same?.startedAt ?? (state === 'queued' && !report.startedAt ? null : startOf(record, report));
  const at = started ? laterOf(started, report.at) : report.at;
  const told = progress
    ? {
        fraction: progress.fraction ?? null,
        step: progress.step ?? null,
        of: progress.of ?? null,
        note: progress.note ?? null,
      }
    : (same?.progress ?? null);
  return {
    execution,
    seq: report.seq ?? same?.seq ?? null,
    attempt: report.attempt ?? same?.attempt ?? null,
    host: report.host ?? same?.host ?? null,
    by: report.by,
    receivedAt,
    clock: report.clock,
    aliveAt: aliveAfter(same, state, at),
    startedAt: started,
    state: state === 'queued' && same ? same.state : state,
    endReceivedAt: same?.endReceivedAt ?? null,
    cause: end?.cause ?? null,
    exitCode: end?.exitCode ?? null,
    signal: end?.signal ?? null,
    checkpoint: checkpoint
      ? { uri: checkpoint.uri, step: checkpoint.step ?? null }
      : (same?.checkpoint ?? null),
    progress: told,
    progressAt: isSameProgress(told, same?.progress ?? null) ? (same?.progressAt ?? null) : at,
    goneAt: state === 'gone' ? at : null,
    stopping: report.stopping ?? false,
    contradictions: current?.contradictions ?? [],
    falseLost: current?.falseLost ?? false,
    rivals: current?.rivals ?? [],
  };
}

/** That it was found dead is no sign of life. */
function aliveAfter(same: StoredReport | null, state: TimedReport['state'], at: Date): Date | null {
  const before = same?.aliveAt ?? null;
  if (state === 'gone') return before;
  return before ? laterOf(before, at) : at;
}

function isSameProgress(a: StoredReport['progress'], b: StoredReport['progress']): boolean {
  if (!a || !b) return a === b;
  return a.fraction === b.fraction && a.step === b.step && a.of === b.of && a.note === b.note;
}

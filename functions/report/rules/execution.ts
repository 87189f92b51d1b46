import { addMs, earlierOf, laterOf, SECOND_MS } from '../../shared/dates.ts';
import { TERMINAL_STATES } from '../../shared/model/job/states.ts';
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

/** When an execution says that it began, by its start or by its name; `null` where it does not. */
export function saidStart({ startedAt, execution, at }: TimedReport): Date | null {
  const said = startedAt ?? timeOfUlid(execution);
  return said && earlierOf(at, said);
}

/** When an execution began, as far as a report says: what it says, whether or not that is believed, else when it was heard of. */
export function startOf(report: TimedReport): Date {
  return saidStart(report) ?? report.at;
}

/** When the execution of a stored report began, by its own words. */
export function beganAt({ saidStart: said, startedAt }: StoredReport): Date | null {
  return said ?? startedAt;
}

const CROCKFORD = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

/** The instant in a ULID, its first ten digits: https://github.com/ulid/spec. */
function timeOfUlid(execution: string | undefined): Date | null {
  if (!execution || !/^[0-7][0-9A-HJKMNP-TV-Z]{25}$/.test(execution)) return null;
  const ms = [...execution.slice(0, 10)].reduce((sum, digit) => sum * 32 + CROCKFORD.indexOf(digit), 0);
  return addMs(new Date(0), ms);
}

/** Starts that lie closer may be one, told by reports that travelled differently long. */
const ONE_START_MS = 10 * SECOND_MS;

/**
 * Whether an execution began before `current`. Of two that began together the number of the try decides, for a workflow may
 * give all its tries one start, and then the name.
 */
export function isOlder(execution: string, report: TimedReport, current: StoredReport): boolean {
  const ms =
    startOf(report).getTime() - (beganAt(current) ?? current.aliveAt ?? current.receivedAt).getTime();
  const tries = (report.attempt ?? 0) - (current.attempt ?? 0);
  const areNumbered = report.attempt !== undefined && current.attempt !== null;
  if (areNumbered && tries !== 0 && Math.abs(ms) <= ONE_START_MS) return tries < 0;
  return ms === 0 ? execution < current.execution : ms < 0;
}

/**
 * Of which life of the newest execution a report is: `this` one, or one before or after it. A container that is started
 * again may keep its name, and count its reports from the beginning.
 */
export function lifeOf(report: TimedReport, current: StoredReport): 'earlier' | 'this' | 'later' {
  const { attempt, seq, at } = report;
  if (attempt !== undefined && current.attempt !== null && attempt !== current.attempt)
    return attempt < current.attempt ? 'earlier' : 'later';
  const said = saidStart(report);
  const began = beganAt(current);
  if (!said || !began) return 'this';
  const isCountedOn = seq !== undefined && current.seq !== null && seq > current.seq;
  // Two lives of one name are never at once; and a clock that is set back makes no other life of one that counts on.
  if (said < addMs(began, -ONE_START_MS) && at <= began && (current.restarted || !isCountedOn))
    return 'earlier';
  const isCounted = seq !== undefined && current.seq !== null;
  const isLater = said > addMs(began, ONE_START_MS) && (!current.aliveAt || said > current.aliveAt);
  return isCounted && !isCountedOn && isLater ? 'later' : 'this';
}

/**
 * Whether an end tells of more than is known, although its number does not: whoever found its execution dead guessed a
 * number, and no report follows an end in one life.
 */
export function isNewEnd({ end, seq, at }: TimedReport, current: StoredReport): boolean {
  if (!end) return false;
  const { state, aliveAt } = current;
  const isLater = aliveAt !== null && at > aliveAt;
  if (TERMINAL_STATES.some((terminal) => terminal === state)) return isLater && end.state !== state;
  return isLater || state === 'gone' || seq === current.seq;
}

/** What is stored of an execution after a report that no later one is known to; `known` is what was stored of it before. */
export function toldOf(
  record: ReportedRecord,
  known: StoredReport | null,
  execution: string,
  report: TimedReport,
  receivedAt: Date,
): StoredReport {
  const { report: current, notBefore } = record;
  const { state, end, progress, checkpoint } = report;
  const isWaiting = state === 'queued' && !report.startedAt;
  const start = startOf(report);
  const believed = notBefore ? laterOf(notBefore, start) : start;
  const started = known?.startedAt ?? (isWaiting ? null : believed);
  const isDoubted = !known?.startedAt && !isWaiting && start < believed;
  const at = started ? laterOf(started, report.at) : report.at;
  const told = progress
    ? {
        fraction: progress.fraction ?? null,
        step: progress.step ?? null,
        of: progress.of ?? null,
        note: progress.note ?? null,
      }
    : (known?.progress ?? null);
  return {
    execution,
    seq: highest(report.seq, known?.seq),
    attempt: report.attempt ?? known?.attempt ?? null,
    host: report.host ?? known?.host ?? null,
    by: report.by,
    receivedAt,
    clock: report.clock,
    aliveAt: aliveAfter(known, state, at),
    startedAt: started,
    saidStart: isDoubted ? start : (known?.saidStart ?? null),
    recordStart: known?.recordStart ?? null,
    restarted: known ? known.restarted : current?.execution === execution,
    state: state === 'queued' && known ? known.state : state,
    endReceivedAt: known?.endReceivedAt ?? null,
    cause: end?.cause ?? null,
    exitCode: end?.exitCode ?? null,
    signal: end?.signal ?? null,
    checkpoint: checkpoint
      ? { uri: checkpoint.uri, step: checkpoint.step ?? null }
      : (known?.checkpoint ?? null),
    progress: told,
    progressAt: isSameProgress(told, known?.progress ?? null) ? (known?.progressAt ?? null) : at,
    goneAt: state === 'gone' ? at : null,
    stopping: report.stopping ?? false,
    contradictions: current?.contradictions ?? [],
    falseLost: current?.falseLost ?? false,
    rivals: current?.rivals ?? [],
  };
}

function highest(...counted: (number | null | undefined)[]): number | null {
  const known = counted.flatMap((seq) => seq ?? []);
  return known.length > 0 ? Math.max(...known) : null;
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

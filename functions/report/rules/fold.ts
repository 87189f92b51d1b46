import { addMs, earlierOf, laterOf } from '../../shared/dates.ts';
import { isTerminal } from '../../shared/model/job/job.ts';
import type { JobState } from '../../shared/model/job/states.ts';
import type { ReportedEnd } from '../../shared/model/report/report.ts';
import { CONTRADICTIONS_KEPT, type StoredReport } from '../../shared/model/report/stored.ts';
import { executionOf, isNewEnd, isOlder, lifeOf, saidStart, toldOf } from './execution.ts';
import { type FoldResult, type ReportedRecord, SKEW_MS, type TimedReport } from './reported-record.ts';
import { rivalsAfter, withRival } from './rivals.ts';
import { isOfEarlierTry } from './which-try.ts';

/** A record after some reports, and what became of each. */
export interface Folded {
  record: ReportedRecord;
  results: FoldResult[];
}

/**
 * Folds reports into a record: what the job is after them, whatever their order, however often they come and however they
 * are split into requests, as long as each execution tells one story.
 *
 * - A recorded end is final; an end that was presumed is corrected once, by the execution's own; nothing goes back to
 *   running.
 * - Of one execution, the report with the highest `seq` holds; of several, the execution that started last.
 * - What is of a try before the one that the record shows changes nothing in it; only its end is kept beside.
 * - A heartbeat never goes back.
 */
export function fold(record: ReportedRecord, reports: readonly TimedReport[], receivedAt: Date): Folded {
  const results: FoldResult[] = [];
  let folded = record;
  for (const report of reports) {
    const execution = executionOf(folded, report);
    const step = foldOne(folded, execution, report, receivedAt);
    folded = step.record;
    results.push({ ...step.result, execution });
  }
  return { record: folded, results };
}

type StepResult = Omit<FoldResult, 'execution'>;

interface Step {
  record: ReportedRecord;
  result: StepResult;
}

function foldOne(record: ReportedRecord, execution: string, report: TimedReport, receivedAt: Date): Step {
  const { report: current, state } = record;
  const stays = (result: FoldResult['result']): Step => ({ record, result: { result } });
  if (current && execution !== current.execution && isOlder(execution, report, current))
    return { record: withRival(record, execution, report), result: { result: 'older' } };
  const same = current?.execution === execution ? current : null;
  if (same && isFromElsewhere(report, same)) return { record, result: NOT_ITS_HOST };
  const life = same ? lifeOf(report, same) : 'later';
  if (life === 'earlier') return stays('older');
  const known = life === 'this' ? same : null;
  if (known && isOvertaken(report, known)) return overtaken(record, known, report);
  const told: Told = { execution, known, report, receivedAt };
  if (isOfEarlierTry(record, known, report, receivedAt))
    return { record: keptBeside(record, told), result: { result: 'older' } };
  if (!state || !isTerminal(state)) return applied(record, told);
  if (record.ending === 'by-hand') return contradicted(record, told);
  if (record.ending === 'presumed') return afterPresumedEnd(record, told);
  if (!report.end) return stays('ended');
  if (report.end.state !== state) return contradicted(record, told);
  return { record: filled(record, told), result: { result: 'duplicate' } };
}

/** A report that is not overtaken by another one. */
interface Told {
  execution: string;
  /** What is stored of this life of its execution; `null` where nothing is. */
  known: StoredReport | null;
  report: TimedReport;
  receivedAt: Date;
}

const NOT_ITS_HOST: StepResult = {
  result: 'rejected',
  problem: {
    path: 'host',
    message: 'Only a reporter on the host of an execution can tell that it is gone',
    expected: 'the host that it reported from',
  },
};

function isFromElsewhere({ state, host }: TimedReport, current: StoredReport): boolean {
  return state === 'gone' && current.host !== null && host !== current.host;
}

/** What a report tells of a job that has not ended. */
function applied(record: ReportedRecord, told: Told): Step {
  const { known, report, receivedAt } = told;
  const next = nextOf(record, told);
  const hadStarted = known !== null && known.startedAt !== null;
  const startedAt =
    hadStarted && record.startedAt ? record.startedAt : startAfter(record.startedAt, next, report);
  const moved: ReportedRecord = {
    ...record,
    state: stateAfter(record.state, report, hadStarted),
    startedAt,
    heartbeatAt: later(record.heartbeatAt, next.aliveAt),
    report: { ...next, recordStart: recordStartOf(startedAt, next) },
  };
  return {
    record: report.end ? ended(moved, next, report, receivedAt) : moved,
    result: { result: 'applied' },
  };
}

/** What is stored of a report's execution from now on. */
function nextOf(record: ReportedRecord, { execution, known, report, receivedAt }: Told): StoredReport {
  const next = toldOf(record, known, execution, report, receivedAt);
  return { ...next, rivals: rivalsAfter(record, next) };
}

/** The start of the newest execution, which is no earlier than any start before. One that nobody told takes no other's place. */
function startAfter(before: Date | null, { startedAt }: StoredReport, report: TimedReport): Date | null {
  return before && !saidStart(report) ? before : later(before, startedAt);
}

function recordStartOf(recordStart: Date | null, { startedAt }: StoredReport): Date | null {
  return recordStart && startedAt && recordStart > startedAt ? recordStart : null;
}

/** The end of an earlier try is kept as what was heard last, and moves nothing of the try that goes on. */
function keptBeside(record: ReportedRecord, told: Told): ReportedRecord {
  return told.report.end ? { ...record, report: nextOf(record, told) } : record;
}

/** A suspended job is resumed by a new try alone: one that was stopped may still be heard of. */
function stateAfter(before: JobState | null, { state }: TimedReport, hadStarted: boolean): JobState {
  if (state === 'queued') return before ?? 'queued';
  return before === 'suspended' && hadStarted ? 'suspended' : 'running';
}

function isOvertaken(report: TimedReport, known: StoredReport): boolean {
  if (report.seq === undefined || known.seq === null || report.seq > known.seq) return false;
  return !isNewEnd(report, known);
}

/** A report that a later one of its execution overtook: only where that found it dead does it tell of more life. */
function overtaken(record: ReportedRecord, current: StoredReport, { state, at }: TimedReport): Step {
  const result: StepResult = { result: 'duplicate' };
  const { aliveAt } = current;
  if (current.state !== 'gone' || state === 'gone' || (aliveAt && at <= aliveAt)) return { record, result };
  const isActive = !record.state || !isTerminal(record.state);
  const heartbeatAt = isActive ? later(record.heartbeatAt, at) : record.heartbeatAt;
  return { record: { ...record, heartbeatAt, report: { ...current, aliveAt: at } }, result };
}

/** The record with the end that its execution tells of; while that is not the last word, the job goes on. */
function ended(
  record: ReportedRecord,
  next: StoredReport,
  { end, at }: TimedReport,
  receivedAt: Date,
): ReportedRecord {
  if (!end || end.final === false) return record;
  return {
    ...record,
    state: end.state,
    endedAt: endOf(record.report ?? next, at, receivedAt),
    error: record.error ?? errorOf(end),
    ending: 'recorded',
    report: record.report && { ...record.report, endReceivedAt: receivedAt },
  };
}

/** An end that is dated before the last beat that was accepted is not believed further than clocks differ. */
function endOf({ startedAt, aliveAt }: StoredReport, at: Date, receivedAt: Date): Date {
  const notBefore = aliveAt ? addMs(aliveAt, -SKEW_MS) : at;
  return earlierOf(receivedAt, laterOf(laterOf(at, notBefore), startedAt ?? at));
}

/** After an end that was presumed, the end that the execution tells itself is the truth; its other reports show life. */
function afterPresumedEnd(record: ReportedRecord, told: Told): Step {
  const { report, receivedAt } = told;
  const next = nextOf(record, told);
  const known = { ...record, report: next };
  const { end } = report;
  // What may be tried again is not its job's last word.
  if (!end || end.final === false) return { record: known, result: { result: 'ended' } };
  const corrected: ReportedRecord = {
    ...known,
    state: end.state,
    endedAt: endOf(next, report.at, receivedAt),
    error: errorOf(end),
    ending: 'recorded',
    startedAt: startAfter(record.startedAt, next, report),
    heartbeatAt: later(record.heartbeatAt, next.aliveAt),
    report: { ...next, falseLost: true, endReceivedAt: receivedAt },
  };
  return { record: corrected, result: { result: 'applied' } };
}

/** Keeps a report that tells of an end otherwise, once for each execution and state. */
function contradicted(record: ReportedRecord, { execution, report, receivedAt }: Told): Step {
  const { at, by, seq, state } = report;
  const result: StepResult = { result: 'contradicts' };
  const current = record.report ?? toldOf(record, null, execution, report, receivedAt);
  const { contradictions } = current;
  const isKnown = contradictions.some((one) => one.execution === execution && one.state === state);
  if (isKnown || contradictions.length >= CONTRADICTIONS_KEPT) return { record, result };
  const kept = [...contradictions, { at, by, execution, seq: seq ?? null, state }];
  return { record: { ...record, report: { ...current, contradictions: kept } }, result };
}

/** Fills what a recorded end lacks from the execution's own words for the same end. */
function filled(record: ReportedRecord, { execution, report, receivedAt }: Told): ReportedRecord {
  const { report: current, error } = record;
  const { end } = report;
  if (!end) return record;
  if (current && (current.execution !== execution || current.cause !== null || current.exitCode !== null))
    return record;
  const next = current ?? toldOf(record, null, execution, report, receivedAt);
  const { cause, exitCode, signal } = end;
  return {
    ...record,
    error: error ?? errorOf(end),
    report: {
      ...next,
      state: end.state,
      cause: cause ?? null,
      exitCode: exitCode ?? null,
      signal: signal ?? null,
    },
  };
}

/** Why it failed, in its own words or by its exit; `null` where it did not fail and says nothing. */
function errorOf({ state, error, cause, exitCode, signal }: ReportedEnd): string | null {
  if (error !== undefined && error.trim() !== '') return error;
  if (state !== 'failed') return null;
  const how =
    signal !== undefined
      ? `Killed by ${signal}`
      : exitCode === undefined
        ? 'Failed'
        : `Exit code ${exitCode}`;
  const why = {
    oom: 'out of memory',
    preempted: 'preempted',
    stopped: 'told to stop',
    'timed-out': 'over its time',
  };
  return cause !== undefined && cause in why ? `${how}: ${why[cause as keyof typeof why]}` : how;
}

function later(a: Date | null, b: Date | null): Date | null {
  return a && b ? laterOf(a, b) : (a ?? b);
}

import { addMs, DAY_MS, earlierOf } from '../shared/dates.ts';
import { isTerminal, isUnreadable, type Job } from '../shared/model/job/job.ts';
import { executionsOf, type Source, wordToWrite } from '../shared/model/job/source.ts';
import type { ReportResult } from '../shared/model/report/answer.ts';
import { type Allowance, covers } from '../shared/model/report/settings.ts';
import type { Problem } from '../shared/problems.ts';
import type { HeldRecord, NoRecord, RecordWrite } from '../shared/store/sources/reported-jobs.ts';
import { changeOf, supersededBy } from './rules/changes.ts';
import { fold } from './rules/fold.ts';
import {
  type FoldResult,
  noRecord,
  type ReportedRecord,
  reportedRecord,
  type TimedReport,
} from './rules/reported-record.ts';

/** A record that a report makes is not believed to have started longer ago. */
const OLDEST_START_MS = 30 * DAY_MS;
/** What readJob calls the project of a record without one. */
const NO_PROJECT = 'none';

/** Reports of one job, each with its place in the request. */
export interface JobReports {
  id: string;
  reports: { index: number; report: TimedReport }[];
}

/** What a report came to. */
export interface Outcome {
  result: ReportResult;
  execution: string | null;
  problems?: Problem[];
}

/** A job's reports folded into its record, and into those of its executions: what is to be written. */
export interface Prepared {
  id: string;
  /** By the place in the request. */
  outcomes: Map<number, Outcome>;
  writes: RecordWrite[];
  /** How the reports changed its record; `null` where they could not be folded. */
  folded: { before: ReportedRecord; after: ReportedRecord; stopRequested: boolean } | null;
  isNew: boolean;
}

/** Under which rules reports are folded. */
export interface PrepareRules {
  source: Source;
  allowance: Allowance;
  now: Date;
  /** Whether one more record may be made for this reporter. */
  mayCreate(): boolean;
}

/** Where the records of a job's executions are. */
export interface ExecutionRecords {
  pathOf(execution: string): string | null;
  at(path: string): HeldRecord | undefined;
  /** Those that have not ended, whoever made them; `null` where nobody looked. */
  active: readonly HeldRecord[] | null;
}

/** The executions whose records a job's reports may change. */
export function executionsNamed({ reports }: JobReports, job: HeldRecord, now: Date): string[] {
  const record = recordOf(job);
  const { results } = fold(record, timed(reports), now);
  const before = record.report?.execution;
  return [
    ...new Set([...results.map(({ execution }) => execution), ...(before === undefined ? [] : [before])]),
  ];
}

/** Whether reports may end a job, so that it matters which of its executions go on. */
export function mayEnd({ reports }: JobReports, { job, updateTime }: HeldRecord): boolean {
  const isOpen = updateTime !== null && !isTerminal(job.state);
  return isOpen && reports.some(({ report: { end } }) => end !== undefined && end.final !== false);
}

/** Folds a job's reports. */
export function prepare(
  jobReports: JobReports,
  held: HeldRecord | NoRecord,
  executions: ExecutionRecords,
  rules: PrepareRules,
): Prepared {
  const { id, reports } = jobReports;
  const refuse = (result: ReportResult, message: string, expected: string): Prepared => {
    const problems: Problem[] = [{ path: 'job', message, expected }];
    const outcomes = reports.map(({ index, report }) => {
      const outcome: Outcome = { result, execution: report.execution ?? null, problems };
      return [index, outcome] as const;
    });
    return { id, outcomes: new Map(outcomes), writes: [], folded: null, isNew: false };
  };
  if (held === 'several') return refuse('rejected', 'Several records have this id', 'an id of one record');
  if (held === 'impossible') return refuse('rejected', 'No record can have this id', 'the id of a job');
  const { source, allowance, now } = rules;
  const exists = held.updateTime !== null;
  const project = exists ? projectOf(held.job) : projectToWrite(allowance);
  if (!covers(allowance, id, project))
    return refuse('rejected', NOT_YOURS, 'a job that the settings allow you');
  if (!exists && !source.reports?.create) return refuse('rejected', NOT_YOURS, 'a job that has a record');
  if (!exists && !rules.mayCreate())
    return refuse('later', 'Too many records were made today for this reporter', 'fewer new jobs a day');
  const unread = exists ? whyUnread(held.job) : null;
  if (unread) return refuse('later', unread, 'a record that can be read: it must be corrected');
  const others = executions.active?.flatMap(({ job }) => job.startedAt ?? []) ?? null;
  const before = exists ? { ...recordOf(held), others } : noRecord(addMs(now, -OLDEST_START_MS));
  const writable = reports.filter(({ report }) => isWritable(source, report));
  const { record: after, results } = fold(before, timed(writable), now);
  const change = changeOf(before, after, held.job.status, now);
  const fresh = exists ? null : { id, project, createdAt: earlierOf(now, after.startedAt ?? now) };
  const writes: RecordWrite[] = change ? [{ record: held, change, fresh }] : [];
  const outcomes = new Map<number, Outcome>(reports.map(({ index }) => [index, NO_WORD]));
  for (const [place, result] of results.entries())
    outcomes.set(writable[place]?.index ?? -1, outcomeOf(result));
  writes.push(...executionWrites({ before, after, results, reports: timed(writable) }, executions, rules));
  const { stopRequested } = held.job.added;
  return {
    id,
    outcomes,
    writes,
    folded: { before, after, stopRequested },
    isNew: !exists && change !== null,
  };
}

/** The same words for a job that there is not and for one of others: an answer tells of nothing but what was reported. */
const NOT_YOURS = 'There is no such job that you may report';
const NO_WORD: Outcome = {
  result: 'rejected',
  execution: null,
  problems: [{ path: 'state', message: 'The source has no word for queued', expected: 'another state' }],
};

function recordOf({ job, updateTime }: HeldRecord): ReportedRecord {
  return reportedRecord(job, updateTime?.toDate() ?? null);
}

function timed(reports: JobReports['reports']): TimedReport[] {
  return reports.map(({ report }) => report);
}

function projectOf({ project }: Job): string | null {
  return project === NO_PROJECT ? null : project;
}

/** The project of a new record: the one that its reporter is held to. */
function projectToWrite({ projects = [] }: Allowance): string | null {
  const [only, ...more] = projects;
  return only !== undefined && more.length === 0 && !only.endsWith('*') ? only : null;
}

/** Why a record cannot be written to, in words: what it holds was not understood, and must not be treated as absent. */
function whyUnread(job: Job): string | null {
  const unread = job.unreadable.find(
    ({ field }) => field === 'startedAt' || field === 'endedAt' || field === 'status',
  );
  if (unread) return `Cannot read its record: ${unread.field} ${unread.why}`;
  const isUnmapped = job.state === 'unknown' && job.status !== '' && !isUnreadable(job, 'status');
  return isUnmapped ? 'Cannot read its record: no mapping has its status' : null;
}

function isWritable(source: Source, { state }: TimedReport): boolean {
  return state !== 'queued' || wordToWrite(source, 'queued') !== undefined;
}

function outcomeOf({ result, execution, problem }: FoldResult): Outcome {
  return problem ? { result, execution, problems: [problem] } : { result, execution };
}

interface FoldedJob {
  before: ReportedRecord;
  after: ReportedRecord;
  results: readonly FoldResult[];
  reports: readonly TimedReport[];
}

/** What is written into the records of executions: each holds what its own reports told. */
function executionWrites(
  { before, after, results, reports }: FoldedJob,
  { pathOf, at }: ExecutionRecords,
  { source, now }: PrepareRules,
): RecordWrite[] {
  const newest = after.report;
  if (!newest || !executionsOf(source)) return [];
  const each = Map.groupBy(
    reports.flatMap((report, index) => {
      const { result, execution } = results[index] ?? { result: 'rejected', execution: '' };
      return result === 'rejected' ? [] : [{ ...ofExecution(report), execution }];
    }),
    ({ execution }) => execution,
  );
  const former = before.report?.execution;
  const names = new Set([...each.keys(), ...(former === undefined ? [] : [former])]);
  return [...names].flatMap((name): RecordWrite[] => {
    const record = at(pathOf(name) ?? '');
    if (!record) return [];
    const told = record.updateTime ? recordOf(record) : noRecord(addMs(now, -OLDEST_START_MS));
    const known = { ...told, isOneTry: true };
    const own = fold(known, each.get(name) ?? [], now).record;
    const isOver = name !== newest.execution && isSilentSince(own, newest.startedAt);
    const next = isOver ? supersededBy(own, newest.execution, now) : own;
    const change = changeOf(known, next, record.job.status, now);
    const fresh = record.updateTime ? null : { id: name, project: null, createdAt: next.startedAt ?? now };
    return change ? [{ record, change, fresh }] : [];
  });
}

/** Whether an execution has not ended, and nothing was heard of it after that instant. */
function isSilentSince({ state, report }: ReportedRecord, instant: Date | null): boolean {
  if (state === null || isTerminal(state) || !report || !instant) return false;
  return !report.aliveAt || report.aliveAt <= instant;
}

/** The end of an execution is final for itself, whether or not its job is tried again. */
function ofExecution(report: TimedReport): TimedReport {
  return report.end ? { ...report, end: { ...report.end, final: true } } : report;
}

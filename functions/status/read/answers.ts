import type { Clock } from '../../shared/clock.ts';
import { addDays, type Day, dayOf, MINUTE_MS, SECOND_MS } from '../../shared/dates.ts';
import { InvalidRequest, NotOneJob } from '../../shared/errors.ts';
import { isPath } from '../../shared/model/reading/document-path.ts';
import type { TableName } from '../../shared/model/workload/tables.ts';
import type { Watched } from '../../shared/model/workload/watched.ts';
import type { Problem } from '../../shared/problems.ts';
import type { Tally } from '../../shared/store/firestore/read-options.ts';
import type { After, RunQuery, StatusRecords } from '../../shared/store/own/status-records.ts';
import type { WorkloadRecords, WorkloadsRead } from '../../shared/store/own/workload-records.ts';
import type { AlarmsQuery, DaysQuery, JobsQuery, RunsQuery } from '../api/endpoints.ts';
import type { JobAnswer } from '../api/job-schemas.ts';
import type { AlarmAnswer, DayAnswer, RunAnswer, RunLine, StatusAnswer } from '../api/schemas.ts';
import type { WorkloadsAnswer } from '../api/workload-schemas.ts';
import { type Keeper, type Kept, keep, keepers, NothingKept } from '../cache/keep.ts';
import { alarmAnswer } from '../rules/alarm-answer.ts';
import { dayAnswers } from '../rules/day-answer.ts';
import { runAnswer, runLine } from '../rules/run-answer.ts';
import { type Platform, type StatusRecordsRead, statusAnswer } from '../rules/status-answer.ts';
import type { Duty } from '../rules/task-answer.ts';
import { workloadsAnswer } from '../rules/workloads-answer.ts';
import { cursorOf, instantIn, partsOf, wrongCursor } from './cursor.ts';
import { keepJobLists } from './job-list.ts';
import { type Judging, judged, type StatusSource } from './judged.ts';
import { keepRecords } from './records.ts';
import { type RefreshedBy, refreshing } from './refreshing.ts';

/** A page of an answer, with when it was read. */
export interface Answered<T> {
  data: T;
  after: string | null;
  readAt: Date;
  /** Why it is older than it should be. */
  error: string | null;
  problems: Problem[];
}

/** What the service answers from. */
export interface StatusTools {
  records: StatusRecords;
  sources: readonly StatusSource[];
  workloads: { records: WorkloadRecords; tables: readonly TableName[]; refreshedBy: RefreshedBy };
  /** What the catalogue says at an instant. */
  duties: (now: Date) => { duties: Duty[]; sweepEveryMs: number | null };
  platform: Platform;
  clock: Clock;
  /** Counts every document that is read. */
  tally: Tally;
}

/** The data of every endpoint, kept as long as each may be. */
export interface StatusAnswers {
  status(): Promise<Answered<StatusAnswer>>;
  /** `null` for a task that is not in the catalogue. */
  runs(task: string, query: RunsQuery): Promise<Answered<RunLine[]> | null>;
  run(runId: string): Promise<Answered<RunAnswer> | null>;
  alarms(query: AlarmsQuery): Promise<Answered<AlarmAnswer[]>>;
  days(query: DaysQuery): Promise<Answered<DayAnswer[]>>;
  jobs(query: JobsQuery): Promise<Answered<JobAnswer[]>>;
  job(source: string, id: string): Promise<Answered<JobAnswer> | null>;
  workloads(): Promise<Answered<WorkloadsAnswer>>;
  /** Has the workload tables refreshed, and waits for that. Rejects with CannotRefresh. */
  refreshWorkloads(): Promise<Answered<Watched>>;
}

const LIFE_MS = 15 * SECOND_MS;
/** Tables change with a refresh, every few minutes; one that is under way takes some seconds. */
const TABLES_LIFE_MS = MINUTE_MS;
const REFRESHING_LIFE_MS = 4 * SECOND_MS;
const DAYS_LIFE_MS = 5 * MINUTE_MS;
const LIMIT_MS = 4 * SECOND_MS;
const MOST_KEPT = 100;
const MOST_DAYS = 100;
const DAYS_SHOWN = 30;
/** Runs that are read for one page where few of them have the trigger that was asked for. */
const MOST_RUNS = 100;
/** The task whose end changes stored days. */
const COLLECTOR = 'collect-metrics';
/** The task whose end changes what is remembered of jobs. */
const SWEEPER = 'sweep-stale-jobs';

export function statusAnswers(tools: StatusTools): StatusAnswers {
  const { records, sources, duties, clock, tally } = tools;
  const status = keepRecords(records, clock, tally);
  const judging: Judging = { clock, sweptAt: () => endOf(SWEEPER, status) };
  const jobLists = keepJobLists(sources, judging, tally);
  const kept = <T>(lifeMs: number, read: (key: string, cost: Tally) => Promise<T>) =>
    keepers<T>(MOST_KEPT, (key): Keeper<T> => {
      return keep<T>({ lifeMs: () => lifeMs, read: (_, cost) => read(key, cost), clock, tally });
    });
  const standing = standingOf(tools);
  const optionsOf = (cost: Tally) => ({ tally: cost, signal: AbortSignal.timeout(LIMIT_MS) });

  const runs = kept(LIFE_MS, (key, cost) => {
    const [task, query] = JSON.parse(key) as [string, RunsQuery];
    return readRuns(records, task, query, cost);
  });
  const run = kept(LIFE_MS, async (runId, cost) => {
    const found = await records.run(runId, optionsOf(cost));
    return found && runAnswer(found);
  });
  const closed = kept(MINUTE_MS, (key, cost) => {
    const { after, limit } = JSON.parse(key) as AlarmsQuery;
    return records.closedAlarms(afterOf(after), limit + 1, optionsOf(cost));
  });
  const days = kept(DAYS_LIFE_MS, (key, cost) => {
    const [from = '', to = ''] = key.split(' ');
    return records.days(from, to, optionsOf(cost));
  });
  const job = kept(LIFE_MS, async (key, cost) => {
    const [name, id] = JSON.parse(key) as [string, string];
    const source = sources.find(({ store }) => store.name === name);
    const seen = await source?.store.named(id, optionsOf(cost));
    return source && seen ? judged({ source, seen: [seen], below: new Map() }, judging, cost) : null;
  });

  let changes = 0;
  const refreshWorkloads = refreshing(tools.workloads.refreshedBy, clock, () => {
    changes += 1;
  });
  const workloads = keep<WorkloadsRead>({
    lifeMs: ({ refresh }) => (refresh?.lease ? REFRESHING_LIFE_MS : TABLES_LIFE_MS),
    version: () => changes,
    read: (before, cost) => tools.workloads.records.read(before, optionsOf(cost)),
    clock,
    tally,
  });

  return {
    async status() {
      const { value, ...rest } = await status();
      return answered({ value: standing(value), ...rest }, null, problemsOf(value));
    },

    async runs(task, query) {
      if (duties(clock.now()).duties.every((duty) => duty.task !== task)) return null;
      afterOf(query.after);
      const { value, ...rest } = await runs(JSON.stringify([task, query]))();
      return answered({ value: value.lines, ...rest }, value.after, value.problems);
    },

    async run(runId) {
      const { value, ...rest } = await run(runId)();
      return value && answered({ value, ...rest });
    },

    async alarms(query) {
      const now = clock.now();
      if (query.state === 'open') {
        if (query.after !== undefined) throw wrongCursor();
        const { value, ...rest } = await status();
        const { alarms } = standing(value);
        return answered({ value: alarms.slice(0, query.limit), ...rest }, null, problemsOf(value));
      }
      afterOf(query.after);
      const { value, ...rest } = await closed(JSON.stringify(query))();
      const shown = value.records.slice(0, query.limit);
      const last = value.records.length > query.limit ? shown.at(-1) : undefined;
      const after = cursorAfter(last?.closedAt ? { at: last.closedAt, id: last.id } : value.rest);
      const data = shown.map((alarm) => alarmAnswer(alarm, now));
      return answered({ value: data, ...rest }, after, problemsOf(value));
    },

    async days(query) {
      const { from, to } = rangeOf(query, dayOf(clock.now()));
      // A collection that ended meanwhile makes another key.
      const collected = await endOf(COLLECTOR, status);
      const { value, ...rest } = await days(`${from} ${to} ${collected}`)();
      return answered({ value: dayAnswers(from, to, value.records), ...rest }, null, problemsOf(value));
    },

    async jobs(query) {
      const names = sources.map(({ store }) => store.name);
      if (query.source !== undefined && !names.includes(query.source))
        throw new InvalidRequest([
          { path: 'source', message: 'There is no such source', expected: `one of ${names.join(', ')}` },
        ]);
      const { value, error } = await jobLists(query)();
      const { rows, readAt } = value;
      return answered({ value: rows, readAt, error }, value.after, value.problems);
    },

    async job(source, id) {
      const { value, ...rest } = await job(JSON.stringify([source, id]))().catch((error: unknown) => {
        const cause = error instanceof Error ? error.cause : null;
        if (!(cause instanceof NotOneJob)) throw error;
        throw new InvalidRequest([{ path: 'id', message: cause.message, expected: 'the path of one' }]);
      });
      const [row] = value?.rows ?? [];
      if (!row && value?.problems[0]) throw new Error(value.problems[0].message);
      return row ? answered({ value: row, ...rest }) : null;
    },

    async workloads() {
      const { value, ...rest } = await workloads();
      const data = workloadsAnswer(tools.workloads.tables, value.tables, value.refresh);
      return answered({ value: data, ...rest }, null, problemsOf(value));
    },

    async refreshWorkloads() {
      const value = await refreshWorkloads();
      return answered({ value, readAt: clock.now(), error: null });
    },
  };
}

/** When the last run of a task ended; empty where that is not known. */
async function endOf(task: string, status: Keeper<StatusRecordsRead>): Promise<string> {
  try {
    return (await status()).value.health.get(task)?.lastFinishedAt?.toISOString() ?? '';
  } catch (error) {
    if (error instanceof NothingKept) return '';
    throw error;
  }
}

/** How everything stands now, from records: of the same ones worked out once a second, however many ask. */
function standingOf({ duties, platform, clock }: StatusTools): (records: StatusRecordsRead) => StatusAnswer {
  let last: { records: StatusRecordsRead; second: number; answer: StatusAnswer } | undefined;
  return (records) => {
    const now = clock.now();
    const second = Math.floor(now.getTime() / SECOND_MS);
    if (last?.records !== records || last.second !== second)
      last = { records, second, answer: statusAnswer({ ...duties(now), platform, records, now }) };
    return last.answer;
  };
}

function answered<T>(
  { value, readAt, error }: Kept<T>,
  after: string | null = null,
  problems: Problem[] = [],
): Answered<T> {
  const stale = error === null ? [] : [{ path: '', message: `Cannot read it again: ${error}` }];
  return { data: value, after, readAt, error, problems: [...stale, ...problems] };
}

/** A page of runs; of those with another trigger than asked for, only so many are passed over. */
async function readRuns(
  records: StatusRecords,
  task: string,
  { outcome, trigger, since, after, limit }: RunsQuery,
  cost: Tally,
): Promise<{ lines: RunLine[]; after: string | null; problems: Problem[] }> {
  const most = trigger === undefined ? limit + 1 : MOST_RUNS;
  const query: RunQuery = {
    outcome: outcome ?? null,
    since: since === undefined ? null : new Date(since),
    after: afterOf(after),
    most,
  };
  const found = await records.runs(task, query, { tally: cost, signal: AbortSignal.timeout(LIMIT_MS) });
  const wanted = found.records.filter((run) => trigger === undefined || run.trigger === trigger);
  const shown = wanted.slice(0, limit);
  const last = wanted.length > limit ? shown.at(-1) : undefined;
  return {
    lines: shown.map(runLine),
    after: cursorAfter(last ? { at: last.startedAt, id: last.runId } : found.rest),
    problems: problemsOf(found),
  };
}

function cursorAfter(place: After | null): string | null {
  return place && cursorOf(place.at.toISOString(), place.id);
}

function afterOf(cursor: string | undefined): After | null {
  const parts = partsOf(cursor, 2);
  if (!parts) return null;
  const [at = '', id = ''] = parts;
  if (id.includes('/') || !isPath(id)) throw wrongCursor();
  return { at: instantIn(at), id };
}

/** The days that are asked for: at most MOST_DAYS, the last 30 whole ones unless others are named. */
function rangeOf({ from, to }: DaysQuery, today: Day): { from: Day; to: Day } {
  const last = to ?? addDays(today, -1);
  const first = from ?? addDays(last, 1 - DAYS_SHOWN);
  if (first > last || first < addDays(last, 1 - MOST_DAYS))
    throw new InvalidRequest([
      { path: 'from', message: `Cannot use ${first}`, expected: `at most ${MOST_DAYS} days up to ${last}` },
    ]);
  return { from: first, to: last };
}

function problemsOf({ unreadable }: Pick<StatusRecordsRead, 'unreadable'>): Problem[] {
  return unreadable.map(({ path, message }) => ({ path, message }));
}

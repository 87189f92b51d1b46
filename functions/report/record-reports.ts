import { randomInt } from 'node:crypto';
import { chunksOf, sleep } from '../shared/concurrency.ts';
import type { Day } from '../shared/dates.ts';
import { RecordChanged } from '../shared/errors.ts';
import type { ReportRecordStore } from '../shared/store/own/report-records.ts';
import type {
  CallLimits,
  HeldRecord,
  NoRecord,
  ReportedJobStore,
} from '../shared/store/sources/reported-jobs.ts';
import type { HeldJobs } from './held-jobs.ts';
import {
  executionsNamed,
  type JobReports,
  mayEnd,
  type Outcome,
  type Prepared,
  type PrepareRules,
  prepare,
} from './prepare.ts';
import { dirtyDaysOf } from './rules/changes.ts';

/** After so many writes that met another writer, a job's reports are to be sent again. */
const MOST_TRIES = 5;
/** Another writer may take so long; a random part of it passes between two tries. */
const LONGEST_PAUSE_MS = 50;
/** Jobs in one commit. */
const CHUNK = 100;
/** gRPC's INVALID_ARGUMENT: Firestore refuses a write for what it is. */
const INVALID = 3;

/** Where reports are written to. */
export interface RecordTools {
  store: ReportedJobStore;
  held: HeldJobs;
  own: Pick<ReportRecordStore, 'putDirtyDays' | 'commit'>;
  rules: PrepareRules;
  limits: CallLimits;
}

/**
 * Folds the reports of each job into its record and writes it, once per job and under the condition that it is as it was
 * read; where it is not, it is read and folded again. Returns what became of each job, in their order. Rejects where Firestore
 * does not answer: what was written by then is found done when the reports come again.
 */
export async function recordReports(jobs: readonly JobReports[], tools: RecordTools): Promise<Prepared[]> {
  const done = new Map<string, Prepared>();
  for (const some of chunksOf(jobs, CHUNK))
    for (const one of await write(some, 1, tools)) done.set(one.id, one);
  return jobs.flatMap(({ id }) => done.get(id) ?? []);
}

async function write(jobs: readonly JobReports[], attempt: number, tools: RecordTools): Promise<Prepared[]> {
  const prepared = await prepareAll(jobs, tools);
  try {
    await commit(prepared, tools);
    return prepared;
  } catch (error) {
    const isChanged = error instanceof RecordChanged;
    if (!isChanged && !isRefused(error)) throw error;
    for (const { id } of jobs) tools.held.forget(id);
    if (jobs.length > 1) {
      const halves = chunksOf(jobs, Math.ceil(jobs.length / 2));
      const written: Prepared[] = [];
      for (const half of halves) written.push(...(await write(half, attempt, tools)));
      return written;
    }
    if (!isChanged) return prepared.map((one) => unwritten(one, REFUSED));
    if (attempt >= MOST_TRIES) return prepared.map((one) => unwritten(one, BUSY));
    await sleep(randomInt(LONGEST_PAUSE_MS) * attempt, tools.limits.signal);
    return write(jobs, attempt + 1, tools);
  }
}

const BUSY: Pick<Outcome, 'result' | 'problems'> = {
  result: 'later',
  problems: [
    { path: 'job', message: 'Others write its record all the time', expected: 'the report again, later' },
  ],
};
const REFUSED: Pick<Outcome, 'result' | 'problems'> = {
  result: 'rejected',
  problems: [{ path: 'job', message: 'Firestore refuses to write its record', expected: 'a smaller record' }],
};

function unwritten(one: Prepared, { result, problems = [] }: Pick<Outcome, 'result' | 'problems'>): Prepared {
  const outcomes = [...one.outcomes].map(([index, { execution }]) => {
    const outcome: Outcome = { result, execution, problems };
    return [index, outcome] as const;
  });
  return { id: one.id, outcomes: new Map(outcomes), writes: [], folded: null, isNew: false };
}

/** Reads what is not held, and folds. */
async function prepareAll(jobs: readonly JobReports[], tools: RecordTools): Promise<Prepared[]> {
  const { store, held, rules, limits } = tools;
  const missing = jobs.map(({ id }) => id).filter((id) => !held.get(id));
  const read =
    missing.length > 0 ? await store.jobs(missing, limits) : new Map<string, HeldRecord | NoRecord>();
  const recordOf = (id: string) => held.get(id)?.job ?? read.get(id) ?? 'impossible';
  const paths = jobs.flatMap((one) => executionPaths(one, recordOf(one.id), tools));
  const heldPaths = new Map(jobs.flatMap(({ id }) => [...(held.get(id)?.executions ?? [])]));
  const unread = paths.filter((path) => !heldPaths.has(path));
  const found = unread.length > 0 ? await store.executions(unread, limits) : new Map<string, HeldRecord>();
  const active = await activeExecutions(jobs, recordOf, tools);
  return jobs.map((one) => {
    const record = recordOf(one.id);
    const executions = {
      pathOf: (execution: string) =>
        typeof record === 'string' ? null : store.executionPath(record, execution),
      at: (path: string) => heldPaths.get(path) ?? found.get(path),
      active: active.get(one.id) ?? null,
    };
    return unlessBlocked(prepare(one, record, executions, rules), tools);
  });
}

/** The executions that go on of each job that may end; an end comes once, so that it may cost a query. */
async function activeExecutions(
  jobs: readonly JobReports[],
  recordOf: (id: string) => HeldRecord | NoRecord,
  { store, limits }: RecordTools,
): Promise<Map<string, HeldRecord[]>> {
  if (!store.source.executions) return new Map();
  const read = jobs.map(async (one) => {
    const record = recordOf(one.id);
    if (typeof record === 'string' || !mayEnd(one, record)) return [];
    return [[one.id, await store.activeExecutions(record, limits)] as const];
  });
  return new Map((await Promise.all(read)).flat());
}

/** What was prepared, unless a write of it would take the place of something that is not ours. */
function unlessBlocked(one: Prepared, { store, held }: RecordTools): Prepared {
  const [message] = one.writes.flatMap((write) => store.whyNotWritten(write) ?? []);
  if (message === undefined) return one;
  held.forget(one.id);
  const expected = 'a record that can be written: it must be corrected';
  return unwritten(one, { result: 'later', problems: [{ path: 'job', message, expected }] });
}

function executionPaths(
  one: JobReports,
  record: HeldRecord | NoRecord,
  { store, rules }: RecordTools,
): string[] {
  if (typeof record === 'string' || !store.source.executions) return [];
  return executionsNamed(one, record, rules.now).flatMap((name) => store.executionPath(record, name) ?? []);
}

/** Commits what was prepared, and the days whose figures it changes: with it where both are in our database, else before. */
async function commit(
  prepared: readonly Prepared[],
  { store, held, own, rules, limits }: RecordTools,
): Promise<void> {
  const writes = prepared.flatMap((one) => one.writes);
  if (writes.length === 0) return;
  const days = dirtyDays(prepared);
  if (!store.ours && days.size > 0)
    await own.commit((batch) => own.putDirtyDays(batch, days, rules.now), limits.signal);
  const after = await store.commit(writes, (batch) => own.putDirtyDays(batch, days, rules.now), limits);
  const written = new Map(after.map((record) => [record.ref.path, record]));
  for (const { id, writes: its, folded } of prepared) {
    const known = held.get(id);
    const records = its.flatMap(({ record }) => written.get(record.ref.path) ?? []);
    const job = records.find(({ mapping }) => mapping === store.source) ?? known?.job;
    // What has ended may be opened again by a person, which no write of ours would find out.
    if (folded?.after.ending) held.forget(id);
    if (!job || folded?.after.ending) continue;
    const executions = records.filter(({ mapping }) => mapping !== store.source);
    held.keep(id, {
      job,
      executions: new Map([
        ...(known?.executions ?? []),
        ...executions.map((one) => [one.ref.path, one] as const),
      ]),
    });
  }
}

/** The days whose figures are to be collected again, each with the cause. */
function dirtyDays(prepared: readonly Prepared[]): Map<Day, string> {
  const touched = prepared.flatMap(({ id, writes }) =>
    writes.flatMap(({ change }) => dirtyDaysOf(change).map((day) => ({ day, id }))),
  );
  return new Map(
    [...Map.groupBy(touched, ({ day }) => day)].map(([day, jobs]) => {
      const more = new Set(jobs.map(({ id }) => id)).size - 1;
      return [day, `a report changed job ${jobs[0]?.id}${more > 0 ? ` and ${more} more` : ''}`];
    }),
  );
}

function isRefused(error: unknown): boolean {
  return error instanceof Error && Reflect.get(error, 'code') === INVALID;
}

import { loadCatalog } from '../../../functions/shared/catalog.ts';
import { addDays, DAY_MS, dayOf } from '../../../functions/shared/dates.ts';
import { ACTIVE_STATES } from '../../../functions/shared/model/job/states.ts';
import type {
  After,
  Found,
  FoundPage,
  StatusRecords,
} from '../../../functions/shared/store/own/status-records.ts';
import { alarmAnswer } from '../../../functions/status/rules/alarm-answer.ts';
import { dayAnswers } from '../../../functions/status/rules/day-answer.ts';
import { runLine } from '../../../functions/status/rules/run-answer.ts';
import { shell } from '../../shared/shell.ts';
import { plural } from '../../words/figures.ts';
import { note, oneLine, paintError, printJson } from '../../words/terminal.ts';
import { jobRow } from '../jobs/job-row.ts';
import { type Connection, connect, SILENT, uncounted } from '../shared/connect.ts';
import { jobStores } from '../shared/find-job.ts';
import { type Since, sinceAt } from '../shared/options.ts';
import { placeOf } from '../shared/target.ts';
import { csvOf } from './csv.ts';
import type { Format, Kind } from './kinds.ts';

/** Records that are read at once. */
const PAGE = 100;
/** Of each source. */
const MOST_JOBS = 10_000;
const MOST_OPEN_ALARMS = 1_000;
const DEFAULT_AGE_MS = 30 * DAY_MS;

interface ExportOptions {
  format: Format;
  since?: Since;
  json?: true;
}

/** Reads rows of one kind, those since `since`, the newest first but for days. */
type Reader = (records: StatusRecords, since: Date, connection: Connection) => Promise<object[]>;

const READERS: Record<Kind, Reader> = { days: readDays, runs: readRuns, alarms: readAlarms, jobs: readJobs };

/** Prints all records of a kind; whatever cannot be read is noted beside them. */
export async function exportTo(kind: Kind, { format, since, json }: ExportOptions): Promise<void> {
  const connection = await connect();
  const { statusRecords } = await import('../../../functions/shared/store/own/status-records.ts');
  const now = connection.clock.now();
  const from = sinceAt(since ?? { ageMs: DEFAULT_AGE_MS }, now);
  const rows = await READERS[kind](statusRecords(connection.collections, SILENT), from, connection);
  if (json) return printJson(rows);
  const text = format === 'csv' ? csvOf(rows) : rows.map((row) => `${JSON.stringify(row)}\n`).join('');
  shell().stdout.write(text);
}

async function readDays(records: StatusRecords, since: Date, { ask, clock }: Connection): Promise<object[]> {
  const [from, to] = [dayOf(since), addDays(dayOf(clock.now()), -1)];
  const found = await ask('reading the days', records.days(from, to, uncounted()));
  return dayAnswers(from, to, readable(found));
}

async function readRuns(
  records: StatusRecords,
  since: Date,
  { environment, ask }: Connection,
): Promise<object[]> {
  const each = await Promise.all(
    Object.keys(loadCatalog(environment)).map((task) =>
      everyPage((after) => {
        const query = { outcome: null, since, after, most: PAGE };
        return ask(`reading the runs of ${task}`, records.runs(task, query, uncounted()));
      }),
    ),
  );
  return each
    .flat()
    .toSorted((a, b) => b.startedAt.getTime() - a.startedAt.getTime())
    .map(runLine);
}

async function readAlarms(
  records: StatusRecords,
  since: Date,
  { ask, clock }: Connection,
): Promise<object[]> {
  const open = await ask('reading the alarms', records.openAlarms(MOST_OPEN_ALARMS, uncounted()));
  const closed = await everyPage(async (after) => {
    const found = await ask('reading the alarms', records.closedAlarms(after, PAGE, uncounted()));
    // Those closed last come first: behind one that was closed before `since` there is none.
    return found.rest && found.rest.at < since ? Object.assign(found, { rest: null }) : found;
  });
  const lately = closed.filter(({ closedAt }) => closedAt !== null && closedAt >= since);
  return [...readable(open), ...lately].map((alarm) => alarmAnswer(alarm, clock.now()));
}

async function readJobs(_: StatusRecords, __: Date, connection: Connection): Promise<object[]> {
  const { ask, clock, target } = connection;
  const rows = await Promise.all(
    (await jobStores(connection, undefined)).map(async (store) => {
      const read = async () => {
        const jobs: object[] = [];
        const which = { after: null, most: MOST_JOBS };
        for await (const { seen, unreadable } of store.inStates(ACTIVE_STATES, which, uncounted())) {
          noteUnreadable(unreadable.map(({ path }) => path));
          jobs.push(...seen.map(({ job, writtenAt }) => jobRow(store, { job, writtenAt, now: clock.now() })));
        }
        return jobs;
      };
      return ask(`reading the jobs of ${store.name}`, read(), placeOf(target, store.source));
    }),
  );
  return rows.flat();
}

/** Everything, page by page. */
async function everyPage<T>(read: (after: After | null) => Promise<FoundPage<T>>): Promise<T[]> {
  const all: T[] = [];
  let after: After | null = null;
  do {
    const found = await read(after);
    all.push(...readable(found));
    after = found.rest;
  } while (after);
  return all;
}

function readable<T>({ records, unreadable }: Found<T>): T[] {
  noteUnreadable(unreadable.map(({ path }) => path));
  return records;
}

function noteUnreadable(paths: readonly string[]): void {
  const [first] = paths;
  if (first !== undefined)
    note(paintError.yellow(`${plural(paths.length, 'record')} cannot be read, such as ${oneLine(first)}`));
}

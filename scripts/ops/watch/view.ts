import type { HealthState } from '../../../functions/shared/model/run/health-state.ts';
import type { Region } from '../../../functions/shared/model/workload/region.ts';
import type { Snapshot } from '../../../functions/shared/model/workload/snapshot.ts';
import type { TableName } from '../../../functions/shared/model/workload/tables.ts';
import type { WorkloadsRead } from '../../../functions/shared/store/own/workload-records.ts';
import { columnsOf, cut, padded } from '../../words/columns.ts';
import { plural, relative, sameTimes, stamp, UNKNOWN } from '../../words/figures.ts';
import { firstLine, oneLine, paint } from '../../words/terminal.ts';
import { type TaskRecord, taskRows } from '../tasks/read-tasks.ts';
import type { TaskRow } from '../tasks/task-row.ts';
import { stateWord } from '../tasks/task-words.ts';
import { refreshInWords, unreadableInWords } from '../workloads/refresh-words.ts';
import {
  ageOfAll,
  agesInWords,
  belowOf,
  headOf,
  isBeside,
  type RowWords,
  rowsInWords,
  silencesInWords,
  unlistedOf,
} from '../workloads/table-words.ts';
import type { Reading } from './feed.ts';
import { type Block, fitted, narrowed, type Section } from './fit.ts';
import type { Size } from './screen.ts';

/** All that is watched. */
export interface Watched {
  /** What is looked at, in words. */
  place: string;
  /** The tables that the settings name. */
  names: readonly TableName[];
  workloads: Reading<WorkloadsRead>;
  tasks: Reading<TaskRecord[]>;
}

/** In a narrower terminal it is not shown when something ended. */
const LEAST_ENDED = 72;
/** The longest name that is shown whole, where there is room. */
const LONGEST_NAME = 40;
const LEAST_NAME = 12;
const GAP = '  ';
const INDENT = '  ';

/** States in which nothing has to be done: such tasks stand behind the others. */
const QUIET: readonly HealthState[] = ['running', 'ok', 'new', 'disabled'];

/** What is seen at `now`, as lines that fit into `size`; all of it without a size. */
export function viewOf(watched: Watched, now: Date, size?: Size): string[] {
  const { place, names, workloads, tasks } = watched;
  const tables = names.map((name) => ({ name, snapshot: workloads.value?.tables.get(name) }));
  const rows = tables.map(({ snapshot }) =>
    snapshot ? rowsInWords(workloads.failing ? stopped(snapshot) : snapshot, now) : [],
  );
  const aligned = alignedRows(rows, size?.columns);
  const head = [
    `${paint.bold(stamp(now))}  ${oneLine(place)}`,
    ...workloadNotes(watched, now),
    ...silence('tasks', tasks, now),
  ];
  const sections = [
    ...tables.map(({ name, snapshot }, index) => tableOf(name, snapshot, aligned[index] ?? [], now)),
    tasksOf(tasks, now),
  ];
  if (!size) return [...head, ...sections.flatMap((section) => ['', ...fitted([section], Infinity)])];
  const lines = [...head, ...fitted(sections, Math.max(0, size.rows - head.length))];
  return lines.slice(0, size.rows).map((line) => narrowed(line, size.columns));
}

function tableOf(
  name: TableName,
  snapshot: Snapshot | undefined,
  lines: readonly string[][],
  now: Date,
): Section {
  if (!snapshot) return { head: headOf(name, snapshot), notes: [], rows: [], others: 0 };
  const age = ageOfAll(snapshot);
  const notes = [...silencesInWords(snapshot, now), ...(age ? [] : agesInWords(snapshot, now))];
  const lastFailed = snapshot.rows.findIndex(({ state }) => state === 'failed');
  return {
    head: headOf(name, snapshot, age ? `, ${relative(age, now)}` : ''),
    notes: notes.map((note) => `${INDENT}${note}`),
    rows: lines.map((own, index): Block => ({ lines: own, isTelling: index === lastFailed })),
    others: unlistedOf(snapshot),
  };
}

/** Nobody knows whether regions answer while Firestore does not: rows stand as they were seen, and stop ticking. */
function stopped(snapshot: Snapshot): Snapshot {
  const regions = Object.entries(snapshot.regions).map(([place, region]): [string, Region] => [
    place,
    region.state === 'ok' ? { ...region, state: 'failed' } : region,
  ]);
  return { ...snapshot, regions: Object.fromEntries(regions) };
}

function workloadNotes({ names, workloads }: Watched, now: Date): string[] {
  const { value } = workloads;
  if (names.length === 0) return [paint.dim('no workload table is named in the settings')];
  return [
    ...silence('workload tables', workloads, now),
    ...(value ? unreadableInWords(value).map(paint.red) : []),
    ...(value ? refreshInWords(value.refresh, now) : []),
  ];
}

/** Why something is not newer than it is. */
function silence(what: string, { readAt, failing, value }: Reading<unknown>, now: Date): string[] {
  if (!failing) return value === undefined ? [paint.dim(`reading the ${what} ...`)] : [];
  const seen = readAt ? `read ${relative(readAt, now)}` : 'never read';
  const how = failing.isSilent ? 'no answer' : 'not readable';
  return [paint.red(`! ${what}: ${how} since ${stamp(failing.since)}, ${seen}: ${failing.why}`)];
}

/** The rows of all tables with their columns in line, each with its reason beside or below it. */
function alignedRows(tables: readonly RowWords[][], width: number | undefined): string[][][] {
  const all = tables.flat();
  const widest = (of: (row: RowWords) => string) => Math.max(0, ...all.map((row) => columnsOf(of(row))));
  const hasEnded = width === undefined || width >= LEAST_ENDED;
  const widths = {
    state: widest(({ state }) => state),
    lasting: widest(({ lasting }) => lasting),
    region: widest(({ region }) => region),
    ended: hasEnded ? widest(({ ended }) => ended) : 0,
  };
  const before = Object.values(widths).reduce((sum, own) => sum + own + GAP.length, INDENT.length);
  const room = width === undefined ? LONGEST_NAME : Math.max(LEAST_NAME, width - before);
  const name = Math.min(
    LONGEST_NAME,
    room,
    widest((row) => row.name),
  );
  const beside = isBeside(width);
  const job = beside
    ? Math.min(
        LONGEST_NAME,
        widest((row) => row.job),
      )
    : 0;
  return tables.map((rows) =>
    rows.map((row) => {
      const cells = [
        padded(row.state, widths.state),
        padded(row.lasting, widths.lasting, 'right'),
        padded(row.region, widths.region),
        ...(hasEnded ? [padded(row.ended, widths.ended)] : []),
        beside ? padded(cut(row.name, name), name) : cut(row.name, room),
        ...(job > 0 ? [padded(cut(row.job, job), job)] : []),
        ...(beside ? [row.why] : []),
      ];
      const line = `${INDENT}${cells.join(GAP)}`.trimEnd();
      return beside || belowOf(row) === '' ? [line] : [line, `${INDENT}${INDENT}${belowOf(row)}`];
    }),
  );
}

function tasksOf({ value }: Reading<TaskRecord[]>, now: Date): Section {
  if (!value) return { head: `${paint.bold('Tasks')}: ${UNKNOWN}`, notes: [], rows: [], others: 0 };
  const tasks = taskRows(value, now);
  const loud = tasks.filter(({ state }) => !QUIET.includes(state));
  const quiet = tasks.filter(({ state }) => QUIET.includes(state));
  const widths = {
    state: Math.max(0, ...tasks.map(({ state }) => state.length)),
    task: Math.max(0, ...tasks.map(({ task }) => columnsOf(oneLine(task)))),
  };
  const told =
    loud.length > 0 ? paint.yellow(`${plural(loud.length, 'task')} to look at`) : paint.green('ok');
  return {
    head: `${paint.bold('Tasks')}: ${told}`,
    notes: [],
    rows: [...loud, ...quiet].map((row) => ({ lines: [taskLine(row, widths, now)] })),
    others: 0,
  };
}

function taskLine(row: TaskRow, widths: { state: number; task: number }, now: Date): string {
  const { task, state, reason, running, nextExpectedAt } = row;
  const isDue = nextExpectedAt !== null && nextExpectedAt < now;
  const also = running && state !== 'running' ? '; a run is under way' : '';
  const cells = [
    padded(stateWord(state), widths.state),
    padded(oneLine(task), widths.task),
    padded(`${isDue ? 'due' : 'next'} ${relative(nextExpectedAt, now)}`, 'next in 59 min'.length),
    `${sameTimes(firstLine(reason, 400))}${also}`,
  ];
  return `${INDENT}${cells.join(GAP)}`;
}

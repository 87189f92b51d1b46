import type { Command } from 'commander';
import { type CatalogEntry, loadCatalog, nextSlot } from '../../../functions/shared/catalog.ts';
import { scheduleWords } from '../../../functions/shared/cron.ts';
import {
  type Health,
  type HealthNow,
  type HealthState,
  healthAt,
} from '../../../functions/shared/model/run/health.ts';
import { duration, minuteStamp, relative, stamp, UNKNOWN } from '../../words/figures.ts';
import { strip, stripLegend } from '../../words/outcomes.ts';
import { table } from '../../words/table.ts';
import { firstLine, paint, print, printJson } from '../../words/terminal.ts';
import { connect } from '../shared/connect.ts';

const STRIP_SHOWN = 20;

/** Adds `tasks`: how every task of the catalogue stands. */
export function addTasks(program: Command): void {
  program
    .command('tasks')
    .description('how every task stands: state, next and last run, recent results, open alarms')
    .option('--json', 'print the tasks as JSON')
    .action(async ({ json }: { json?: true }) => {
      const { environment, collections, ask, clock } = await connect();
      const { healthStore } = await import('../../../functions/shared/store/own/health.ts');
      const healthByTask = await ask('reading the tasks', healthStore(collections).all());
      const now = clock.now();
      const rows = Object.values(loadCatalog(environment)).map((entry) =>
        taskRow(entry, healthByTask.get(entry.task), now),
      );
      if (json) printJson(rows);
      else print(...tasksInWords(rows, now));
    });
}

/** A task as it stands at `now`; one that never ran is new and all its records are unknown. */
export function taskRow(entry: CatalogEntry, health: Health | undefined, now: Date) {
  return {
    task: entry.task,
    description: entry.description,
    ...stateOf(entry, health, now),
    schedule: entry.schedule,
    scheduleWords: scheduleWords(entry.schedule),
    nextExpectedAt: health?.nextExpectedAt ?? nextSlot(entry, now),
    lastStartedAt: health?.lastStartedAt ?? null,
    lastOutcome: health?.lastOutcome ?? null,
    lastDurationMs: health?.lastDurationMs ?? null,
    lastSuccessAt: health?.lastSuccessAt ?? null,
    consecutiveFailures: health?.consecutiveFailures ?? null,
    strip: health?.strip.slice(-STRIP_SHOWN) ?? [],
    openAlarms: health?.openAlarms ?? [],
  };
}
export type TaskRow = ReturnType<typeof taskRow>;

function stateOf(entry: CatalogEntry, health: Health | undefined, now: Date): HealthNow {
  // The record tells what the catalogue said at the last run; a task switched off since is off.
  if (health) return healthAt({ ...health, enabled: health.enabled && entry.enabled }, now);
  return entry.enabled
    ? { state: 'new', reason: 'has not run yet', running: false }
    : { state: 'disabled', reason: 'not enabled in the catalogue', running: false };
}

const COLORS: Record<HealthState, (text: string) => string> = {
  ok: paint.green,
  running: paint.cyan,
  new: paint.blue,
  disabled: paint.dim,
  degraded: paint.yellow,
  late: paint.yellow,
  failing: paint.red,
  stuck: paint.red,
};

/** The word of a state in its colour. */
export function stateWord(state: HealthState): string {
  return COLORS[state](state);
}

/** The tasks as a table, each with its reason, its schedule and its open alarms below, and the strip explained. */
export function tasksInWords(rows: readonly TaskRow[], now: Date): string[] {
  const [head = '', ...lines] = table(
    [
      { title: 'TASK' },
      { title: 'STATE' },
      { title: 'NEXT' },
      { title: 'LAST RUN' },
      { title: 'TOOK', align: 'right' },
      { title: 'FAILED IN A ROW', align: 'right' },
      { title: `LAST ${STRIP_SHOWN} RUNS` },
    ],
    rows.map((row) => [
      paint.bold(row.task),
      stateWord(row.state),
      at(row.nextExpectedAt, now, minuteStamp),
      at(row.lastStartedAt, now, stamp),
      duration(row.lastDurationMs),
      row.consecutiveFailures === null ? UNKNOWN : String(row.consecutiveFailures),
      strip(row.strip.map((entry) => entry.outcome)) || UNKNOWN,
    ]),
  );
  const legend = stripLegend(rows.flatMap((row) => row.strip.map((entry) => entry.outcome)));
  return [
    head,
    ...rows.flatMap((row, index) => [lines[index] ?? '', ...detailsOf(row, now)]),
    ...(legend ? ['', `${paint.dim('runs, the newest at the right:')} ${legend}`] : []),
  ];
}

function detailsOf(row: TaskRow, now: Date): string[] {
  const alsoRunning = row.running && row.state !== 'running' ? '; a run is under way' : '';
  return [
    paint.dim(`  ${firstLine(row.reason)}${alsoRunning}`),
    paint.dim(`  ${row.scheduleWords} UTC (${row.schedule}): ${row.description}`),
    ...row.openAlarms.map((id) => paint.red(`  alarm ${alarmInWords(id, now)}`)),
  ];
}

function at(instant: Date | null, now: Date, words: (instant: Date) => string): string {
  return instant === null ? UNKNOWN : `${words(instant)}, ${relative(instant, now)}`;
}

/** `subject:kind:instant`, as alarm ids are made. */
function alarmInWords(id: string, now: Date): string {
  const [subject = '', kind = '', ...rest] = id.split(':');
  const since = new Date(rest.join(':'));
  if (Number.isNaN(since.getTime())) return firstLine(id);
  return firstLine(`${kind} of ${subject} since ${stamp(since)}, ${relative(since, now)}`);
}

import type { HealthState } from '../../../functions/shared/model/run/health-state.ts';
import { duration, relative, sameTimes, stamp, UNKNOWN } from '../../words/figures.ts';
import { strip, stripLegend } from '../../words/outcomes.ts';
import { table } from '../../words/table.ts';
import { firstLine, oneLine, paint } from '../../words/terminal.ts';
import { STRIP_SHOWN, type TaskRow } from './task-row.ts';

const COLORS: Record<HealthState, (text: string) => string> = {
  ok: paint.green,
  running: paint.cyan,
  new: paint.blue,
  disabled: paint.dim,
  degraded: paint.yellow,
  late: paint.yellow,
  failing: paint.red,
  unknown: paint.yellow,
  stuck: paint.red,
};

/** The word of a state in its colour. */
export function stateWord(state: HealthState): string {
  return COLORS[state](state);
}

/** The tasks as a table, each with its reason, its schedule and its open alarms below, and the strip explained. */
export function tasksInWords(rows: readonly TaskRow[], now: Date): string[] {
  const lines = table(
    [
      { title: 'TASK' },
      { title: 'STATE' },
      { title: 'NEXT' },
      { title: 'LAST RUN' },
      { title: 'TOOK', align: 'right', drop: 1 },
      { title: 'FAILED IN A ROW', align: 'right', drop: 2 },
      { title: `LAST ${STRIP_SHOWN} RUNS`, drop: 3 },
    ],
    rows.map((row) => [
      paint.bold(row.task),
      stateWord(row.state),
      at(row.nextExpectedAt, now),
      at(row.lastStartedAt, now),
      duration(row.lastDurationMs),
      row.consecutiveFailures === null ? UNKNOWN : String(row.consecutiveFailures),
      strip(row.strip.map((entry) => entry.outcome)) || UNKNOWN,
    ]),
    { below: rows.map((row) => detailsOf(row, now)) },
  );
  const legend = stripLegend(rows.flatMap((row) => row.strip.map((entry) => entry.outcome)));
  return [...lines, ...(legend ? ['', `${paint.dim('runs, the newest at the right:')} ${legend}`] : [])];
}

function detailsOf(row: TaskRow, now: Date): string[] {
  const alsoRunning = row.running && row.state !== 'running' ? '; a run is under way' : '';
  return [
    paint.dim(`  ${sameTimes(firstLine(row.reason, 400))}${alsoRunning}`),
    paint.dim(`  ${row.scheduleWords} UTC (${row.schedule}): ${row.description}`),
    ...row.openAlarms.map((id) => paint.red(`  alarm ${alarmInWords(id, now)}`)),
  ];
}

function at(instant: Date | null, now: Date): string {
  return instant === null ? UNKNOWN : `${stamp(instant)}, ${relative(instant, now)}`;
}

/** `subject:kind:instant`, as alarm ids are made. */
function alarmInWords(id: string, now: Date): string {
  const [subject = '', kind = '', ...rest] = id.split(':');
  const since = new Date(rest.join(':'));
  if (Number.isNaN(since.getTime())) return oneLine(id);
  return oneLine(`${kind} of ${subject} since ${stamp(since)}, ${relative(since, now)}: ${id}`);
}

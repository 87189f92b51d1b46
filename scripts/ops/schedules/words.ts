import { relative, stamp, UNKNOWN } from '../../words/figures.ts';
import { table } from '../../words/table.ts';
import { firstLine, oneLine, paint } from '../../words/terminal.ts';
import type { ScheduleRow } from './row.ts';

const COLORS: Record<string, (text: string) => string> = { ENABLED: paint.green, PAUSED: paint.yellow };

/** The schedules as a table, each with how it is declared below, and with what differs and what to do about it. */
export function schedulesInWords(rows: readonly ScheduleRow[], place: string, now: Date): string[] {
  const lines = table(
    [
      { title: 'TASK' },
      { title: 'STATE' },
      { title: 'NEXT' },
      { title: 'LAST ATTEMPT' },
      { title: 'CAME TO' },
    ],
    rows.map(({ task, live }) => [
      paint.bold(task),
      live ? (COLORS[live.state] ?? paint.red)(live.state.toLowerCase()) : paint.red('missing'),
      live?.nextAt ? `${stamp(live.nextAt)}, ${relative(live.nextAt, now)}` : UNKNOWN,
      live?.lastAttemptAt ? `${stamp(live.lastAttemptAt)}, ${relative(live.lastAttemptAt, now)}` : UNKNOWN,
      live?.lastStatus ? (live.lastStatus.code === 0 ? paint.green : paint.red)(cameTo(live)) : UNKNOWN,
    ]),
    {
      below: rows.map((row) => [
        paint.dim(
          `  ${row.scheduleWords} UTC (${row.schedule})${row.enabled ? '' : ', disabled in the catalogue'}`,
        ),
        ...row.drift.flatMap(({ words, mend }) => [
          paint.yellow(`  ! ${oneLine(words)}`),
          `    ${paint.cyan(mend)}`,
        ]),
      ]),
    },
  );
  return [paint.dim(`Cloud Scheduler: ${place}`), '', ...lines];
}

function cameTo({ lastStatusWords }: NonNullable<ScheduleRow['live']>): string {
  return firstLine(lastStatusWords ?? UNKNOWN);
}

import { minuteStamp, relative, stamp, UNKNOWN } from '../../words/figures.ts';
import { table } from '../../words/table.ts';
import { firstLine, oneLine, paint } from '../../words/terminal.ts';
import type { ScheduleRow } from './row.ts';

const COLORS: Record<string, (text: string) => string> = { ENABLED: paint.green, PAUSED: paint.yellow };

/** The schedules as a table, each with how it is declared below, and with what differs and what to do about it. */
export function schedulesInWords(rows: readonly ScheduleRow[], place: string, now: Date): string[] {
  const [head = '', ...lines] = table(
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
      live?.nextAt ? `${minuteStamp(live.nextAt)}, ${relative(live.nextAt, now)}` : UNKNOWN,
      live?.lastAttemptAt ? `${stamp(live.lastAttemptAt)}, ${relative(live.lastAttemptAt, now)}` : UNKNOWN,
      live?.lastStatus ? (live.lastStatus.code === 0 ? paint.green : paint.red)(cameTo(live)) : UNKNOWN,
    ]),
  );
  return [
    paint.dim(`Cloud Scheduler: ${place}`),
    '',
    head,
    ...rows.flatMap((row, index) => [
      lines[index] ?? '',
      paint.dim(
        `  ${row.scheduleWords} UTC (${row.schedule})${row.enabled ? '' : ', disabled in the catalogue'}`,
      ),
      ...row.drift.flatMap(({ words, mend }) => [
        paint.yellow(`  ! ${oneLine(words)}`),
        `    ${paint.cyan(mend)}`,
      ]),
    ]),
  ];
}

function cameTo({ lastStatusWords }: NonNullable<ScheduleRow['live']>): string {
  return firstLine(lastStatusWords ?? UNKNOWN);
}

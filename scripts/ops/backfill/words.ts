import type { Day } from '../../../functions/shared/dates.ts';
import { duration, figure, plural } from '../../words/figures.ts';
import { paint } from '../../words/terminal.ts';
import { settlement } from '../days/days-table.ts';
import type { DayResult } from './record.ts';

const SHOWN = 20;

/** What a backfill came to for programs; `done` is false of a day that it did not get to. */
export function backfillAsRecord(days: readonly Day[], done: ReadonlyMap<Day, DayResult>, tookMs: number) {
  return {
    from: days[0],
    to: days.at(-1),
    complete: days.every((date) => done.has(date)),
    tookMs: Math.round(tookMs),
    days: days.map((date) => ({ date, done: done.has(date), ...done.get(date) })),
  };
}

/** What a backfill came to, the days that were done before included. */
export function backfillInWords(
  { days, done }: { days: readonly Day[]; done: ReadonlyMap<Day, DayResult> },
  tookMs: number,
): string[] {
  const results = days.flatMap((date) => {
    const result = done.get(date);
    return result ? [{ date, ...result }] : [];
  });
  const partial = results.filter(({ problems }) => problems.length > 0);
  const conflicts = results.filter(({ conflict }) => conflict).map(({ date }) => date);
  const counts = [
    `${figure(results.filter(({ changed }) => changed).length)} changed`,
    `${figure(results.filter(({ final }) => final).length)} final`,
    `${figure(partial.length)} partial`,
  ].join(', ');
  const whole = results.length === days.length;
  const head = `${whole ? '' : `${figure(results.length)} of `}${plural(days.length, 'day')} collected`;
  return [
    `${(whole ? paint.green : paint.yellow)(head)} in ${duration(tookMs)}, ${days[0]} to ${days.at(-1)}: ${counts}`,
    ...partial
      .slice(0, SHOWN)
      .flatMap(({ date, problems }) => problems.map((text) => `  ${paint.yellow('!')} ${date}  ${text}`)),
    ...(partial.length > SHOWN
      ? [paint.dim(`  and ${plural(partial.length - SHOWN, 'more day', 'more days')} that are partial`)]
      : []),
    ...conflicts.map((date) => paint.red(`records of ${date} vanished; ${settlement(date)}`)),
  ];
}

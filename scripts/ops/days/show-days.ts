import type { Command } from 'commander';
import { type Day, dayOf, daysBetween } from '../../../functions/shared/dates.ts';
import { shell } from '../../shared/shell.ts';
import { print, printJson } from '../../words/terminal.ts';
import { connect, SILENT } from '../shared/connect.ts';
import { usage } from '../shared/problem.ts';
import { clockHere } from '../shared/target.ts';
import { dayInWords, dayToComeInWords } from './day-block.ts';
import { daysAsCsv } from './days-csv.ts';
import { daysInWords } from './days-table.ts';
import { type RangeOptions, rangeOf } from './range.ts';

/** Rows of projects in the block of a day. */
const PROJECTS_SHOWN = 5;

interface DaysOptions extends RangeOptions {
  json?: true;
  csv?: true;
}

/** Shows a range of days, or one of them whole. */
export async function showDays(day: Day | undefined, options: DaysOptions, { args }: Command): Promise<void> {
  if (args.length > 1)
    throw usage('Cannot show more than one day by its name; a range takes --from and --to');
  if (options.json && options.csv) throw usage('Cannot use --csv beside --json: one form at a time');
  if (day !== undefined && (options.from ?? options.to ?? options.since) !== undefined)
    throw usage('Cannot use --from or --to beside a day');
  const now = clockHere().now();
  const { from, to } = day === undefined ? rangeOf(options, now) : { from: day, to: day };
  const { collections, ask } = await connect();
  const { dayStore } = await import('../../../functions/shared/store/own/days.ts');
  const store = dayStore(collections, SILENT);
  const found = await ask('reading the days', store.range(from, to));
  const byDate = new Map(found.map((day) => [day.date, day]));
  const all = daysBetween(from, to).map((date) => byDate.get(date) ?? { date, status: 'missing' as const });
  if (options.json) return printJson(all);
  if (options.csv) return void shell().stdout.write(daysAsCsv(all));
  const newest = found.at(-1);
  const rows = newest
    ? await ask(`reading the projects of ${newest.date}`, store.projectRows(newest.date, PROJECTS_SHOWN))
    : [];
  if (day !== undefined && !newest && day >= dayOf(now)) return print(...dayToComeInWords(day));
  if (day !== undefined) return print(...dayInWords(newest ?? { date: day, status: 'missing' }, rows));
  print(...daysInWords(all), ...(newest ? ['', ...dayInWords(newest, rows)] : []));
}

import type { Command } from 'commander';
import { type Day, dayOf, addDays as daysAfter, daysBetween } from '../../../functions/shared/dates.ts';
import { nearest } from '../../../functions/shared/problems.ts';
import { shell } from '../../shared/shell.ts';
import { print, printJson } from '../../words/terminal.ts';
import { confirmWrite } from '../shared/confirm.ts';
import { connect, SILENT } from '../shared/connect.ts';
import { parseDay } from '../shared/options.ts';
import { OpsProblem, usage } from '../shared/problem.ts';
import { placeOf } from '../shared/target.ts';
import { dayInWords } from './day-block.ts';
import { daysAsCsv } from './days-csv.ts';
import { daysInWords } from './days-table.ts';

const DEFAULT_DAYS = 14;
const MOST_DAYS = 400;

/** Rows of projects in the block of a day. */
const PROJECTS_SHOWN = 5;
const HELP = `
Without a day, the days come as a table and the newest of them as a block.
- stands for what nobody knows. Bytes are in powers of 1024 (1 GiB = 2^30 bytes);
JSON and CSV have them exactly.

Examples:
  npm run -s ops -- days 2026-01-31
  npm run -s ops -- days --from 2026-01-01 --to 2026-01-31 --csv > january.csv`;

interface DaysOptions {
  from?: Day;
  to?: Day;
  json?: true;
  csv?: true;
}

/** Adds `days`, the figures per day, and `days accept`, which settles a conflict. */
export function addDays(program: Command): void {
  const days = program
    .command('days')
    .description('the figures of each day, or all there is of one')
    .usage('[options] [day] | accept <day>')
    .argument('[day]', 'the day to show, YYYY-MM-DD', dayOrCommand)
    // Allowed so that a mistyped subcommand is told as one.
    .allowExcessArguments()
    .enablePositionalOptions()
    .option('--from <day>', `the first day (default: ${DEFAULT_DAYS} days up to the last one)`, parseDay)
    .option('--to <day>', 'the last day (default: yesterday, UTC)', parseDay)
    .option('--json', 'print the days as JSON')
    .option('--csv', 'print the totals as CSV, a row per day, nothing where nobody knows')
    .addHelpText('after', HELP)
    .action(showDays);
  days
    .command('accept')
    .description('let the new figures of a day in conflict stand')
    .argument('<day>', 'YYYY-MM-DD', parseDay)
    .option('--yes', 'write to a real project without asking')
    .action(acceptDay);
}

/** Reads the argument of `days`; a mistyped subcommand is told from a day. */
function dayOrCommand(word: string): Day {
  if (/^\d/.test(word)) return parseDay(word);
  const near = nearest(word, ['accept']);
  throw usage(`Unknown command "days ${word}"${near ? `, did you mean "days ${near}"?` : ''}`);
}

async function showDays(day: Day | undefined, options: DaysOptions, { args }: Command): Promise<void> {
  if (args.length > 1)
    throw usage('Cannot show more than one day by its name; a range takes --from and --to');
  if (options.json && options.csv) throw usage('Cannot use --csv beside --json: one form at a time');
  if (day !== undefined && (options.from ?? options.to) !== undefined)
    throw usage('Cannot use --from or --to beside a day');
  const { from, to } = day === undefined ? rangeOf(options, new Date()) : { from: day, to: day };
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
  if (day !== undefined) return print(...dayInWords(newest ?? { date: day, status: 'missing' }, rows));
  print(...daysInWords(all), ...(newest ? ['', ...dayInWords(newest, rows)] : []));
}

/** The days asked for, both ends included. Throws when they are none or too many. */
export function rangeOf(options: DaysOptions, now: Date): { from: Day; to: Day } {
  const to = options.to ?? daysAfter(dayOf(now), -1);
  const from = options.from ?? daysAfter(to, 1 - DEFAULT_DAYS);
  const count = daysBetween(from, to).length;
  if (count === 0) throw usage(`Cannot show ${from} to ${to}: the first day is after the last`);
  if (count > MOST_DAYS)
    throw usage(`Cannot show ${from} to ${to}: ${count} days, at most ${MOST_DAYS} at once`);
  return { from, to };
}

async function acceptDay(date: Day, { yes }: { yes?: true }): Promise<void> {
  const { target, environment, collections, ask } = await connect();
  const place = placeOf(target, { database: environment.FIRESTORE_DATABASE });
  await confirmWrite(target.kind === 'real', `This accepts the new figures of ${date} in ${place}`, yes);
  const { dayStore } = await import('../../../functions/shared/store/own/days.ts');
  const result = await ask(
    `accepting ${date}`,
    dayStore(collections, SILENT).accept(date, { at: new Date() }),
  );
  if (result === 'missing') throw new OpsProblem(`Cannot accept ${date}: it was never collected`);
  if (result === 'no-conflict') throw new OpsProblem(`Cannot accept ${date}: it has no conflict`);
  print(`${date}: the new figures stand, the conflict is settled`);
}

import type { Command } from 'commander';
import { type Day, dayOf, addDays as daysAfter, daysBetween } from '../../functions/shared/dates.ts';
import { nearest } from '../../functions/shared/problems.ts';
import { confirmWrite } from './confirm.ts';
import { connect, SILENT } from './connect.ts';
import { daysInWords } from './days-table.ts';
import { parseDay } from './options.ts';
import { OpsProblem, usage } from './problem.ts';
import { placeOf } from './target.ts';
import { print, printJson } from './terminal.ts';

const DEFAULT_DAYS = 14;
const MOST_DAYS = 400;

interface DaysOptions {
  from?: Day;
  to?: Day;
  json?: true;
}

/** Adds `days`, the figures per day, and `days accept`, which settles a conflict. */
export function addDays(program: Command): void {
  const days = program
    .command('days')
    .description('the figures of each day')
    .usage('[options] | accept <day>')
    // Allowed so that a mistyped subcommand can be told from them.
    .allowExcessArguments()
    .enablePositionalOptions()
    .option('--from <day>', `the first day (default: ${DEFAULT_DAYS} days up to the last one)`, parseDay)
    .option('--to <day>', 'the last day (default: yesterday, UTC)', parseDay)
    .option('--json', 'print the days as JSON')
    .action(showDays);
  days
    .command('accept')
    .description('let the new figures of a day in conflict stand')
    .argument('<day>', 'YYYY-MM-DD', parseDay)
    .option('--yes', 'write to a real project without asking')
    .action(acceptDay);
}

async function showDays(options: DaysOptions, { args: [word] }: Command): Promise<void> {
  if (word !== undefined) {
    const near = nearest(word, ['accept']);
    throw usage(`Unknown command "days ${word}"${near ? `, did you mean "days ${near}"?` : ''}`);
  }
  const { from, to } = rangeOf(options, new Date());
  const { collections, ask } = await connect();
  const { dayStore } = await import('../../functions/shared/store/days.ts');
  const found = await ask('reading the days', dayStore(collections, SILENT).range(from, to));
  const byDate = new Map(found.map((day) => [day.date, day]));
  const all = daysBetween(from, to).map((date) => byDate.get(date) ?? { date, status: 'missing' as const });
  if (options.json) printJson(all);
  else print(...daysInWords(all));
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
  await confirmWrite(target, `This accepts the new figures of ${date} in ${place}`, yes);
  const { dayStore } = await import('../../functions/shared/store/days.ts');
  const result = await ask(
    `accepting ${date}`,
    dayStore(collections, SILENT).accept(date, { at: new Date() }),
  );
  if (result === 'missing') throw new OpsProblem(`Cannot accept ${date}: it was never collected`);
  if (result === 'no-conflict') throw new OpsProblem(`Cannot accept ${date}: it has no conflict`);
  print(`${date}: the new figures stand, the conflict is settled`);
}

import type { OpsCommand } from '../shared/command.ts';
import { parseDay, parseSince } from '../shared/options.ts';
import { DEFAULT_DAYS, dayOrCommand } from './range.ts';

const HELP = `
Without a day, the days come as a table and the newest of them as a block.
- stands for what nobody knows. Bytes are in powers of 1024 (1 GiB = 2^30 bytes);
JSON and CSV have them exactly.

Examples:
  npm run -s ops -- days 2026-01-31
  npm run -s ops -- days --since 30d
  npm run -s ops -- days --from 2026-01-01 --to 2026-01-31 --csv > january.csv`;

/** The figures per day, and `days accept`, which settles a conflict. */
export const days: OpsCommand = {
  name: 'days',
  description: 'the figures of each day, or all there is of one',
  reach: 'reads',
  prints: 'records',
  help: HELP,
  define: (command) =>
    command
      .usage('[options] [day] | accept <day>')
      .argument('[day]', 'the day to show, YYYY-MM-DD', dayOrCommand)
      // Allowed so that a mistyped subcommand is reported as one.
      .allowExcessArguments()
      .option('--from <day>', `the first day (default: ${DEFAULT_DAYS} days up to the last one)`, parseDay)
      .option('--to <day>', 'the last day (default: yesterday, UTC)', parseDay)
      .option('--since <when>', 'in place of --from: 7d, or an instant', parseSince)
      .option('--csv', 'print the totals as CSV, a row per day, nothing where nobody knows'),
  load: () => import('./show-days.ts').then((it) => it.showDays),
  subcommands: [
    {
      name: 'accept',
      description: 'let the new figures of a day in conflict stand',
      reach: 'writes',
      prints: 'records',
      define: (command) => command.argument('<day>', 'YYYY-MM-DD', parseDay),
      load: () => import('./accept-day.ts').then((it) => it.acceptDay),
    },
  ],
};

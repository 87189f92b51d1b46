import type { OpsCommand } from '../shared/command.ts';
import { parseDay, URL_OPTION } from '../shared/options.ts';

const HELP = `
The days are collected one by one, the oldest first. What is done is kept in the
state folder, so that the same command goes on where it ended: by an error, by
Ctrl-C (once: after the day under way; twice: at once), or with the machine.
A run that is live already is waited for, 15 min a day in all; a call that fails
is made 3 times.

Example:
  npm run -s ops -- backfill --from 2026-01-01 --to 2026-01-31`;

/** Collects past days one by one. */
export const backfill: OpsCommand = {
  name: 'backfill',
  description: 'collect the figures of past days, one by one',
  reach: 'writes',
  prints: 'records',
  help: HELP,
  define: (command) =>
    command
      .requiredOption('--from <day>', 'the first day, YYYY-MM-DD', parseDay)
      .option('--to <day>', 'the last day (default: yesterday, UTC)', parseDay)
      .option(...URL_OPTION)
      .option('--restart', 'begin anew, whatever was done before'),
  load: () => import('./backfill.ts').then((it) => it.backfill),
};

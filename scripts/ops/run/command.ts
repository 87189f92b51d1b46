import type { OpsCommand } from '../shared/command.ts';
import { parseDay, URL_OPTION } from '../shared/options.ts';

const HELP = '\nThe exit code is 0 when the outcome is succeeded, partial or duplicate.';

/** Calls the function of a task and prints what it answered. */
export const run: OpsCommand = {
  name: 'run',
  description: 'run a task now and print what it did',
  reach: 'writes',
  prints: 'records',
  help: HELP,
  define: (command) =>
    command
      .argument('<task>', 'a task of the catalogue')
      .option('--body <json>', 'the body of the request, a JSON object')
      .option('--date <day>', 'the same as {"date": day} in the body', parseDay)
      .option('--dry-run', 'the same as {"dryRun": true} in the body')
      .option(...URL_OPTION),
  load: () => import('./run-task.ts').then((it) => it.runTask),
};

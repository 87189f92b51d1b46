import type { OpsCommand } from '../shared/command.ts';

const HELP = `
It reads the records every 5 s and changes nothing: observe-workloads refreshes the tables. What gets no
answer stays as it was, says since when, and stops ticking. Where a terminal is too low for all rows, those
that have not ended come first, and what is left out is counted. Ctrl-C ends it.
In a pipe or a file it shows everything once; --json prints it for a program.

Examples:
  npm run -s ops -- watch
  npm run -s ops -- watch --once > platform.txt
  npm run -s ops -- watch --json`;

/** The workload tables and the tasks in a terminal, second by second. */
export const watch: OpsCommand = {
  name: 'watch',
  description: 'what runs on the platform and how the tasks stand, second by second, until Ctrl-C',
  reach: 'reads',
  prints: 'records',
  help: HELP,
  define: (command) => command.option('--once', 'show it once, all of it'),
  load: () => import('./watch.ts').then((it) => it.watch),
};

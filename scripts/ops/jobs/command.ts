import type { OpsCommand } from '../shared/command.ts';
import { wholeUpTo } from '../shared/options.ts';

const HELP = `
What is wrong is judged by the records alone; what the backends say is asked by a
dry run of the sweep, and of one job by ops why JOB.
JOB is the id of a job, the path of its record, or the beginning of its id.

Examples:
  npm run -s ops -- jobs --stale
  npm run -s ops -- jobs JOB
  npm run -s ops -- jobs --executions JOB
  npm run -s ops -- sweep --dry-run`;

/** The active jobs, those of them that are stale, one job whole, or the executions of one. */
export const jobs: OpsCommand = {
  name: 'jobs',
  description: 'the jobs that say of themselves that they run or wait, or all of the record of one',
  reach: 'reads',
  prints: 'records',
  watches: true,
  help: HELP,
  define: (command) =>
    command
      .argument('[job]', 'show this one whole, active or not')
      .option('--stale', 'only those that are silent or over their limits')
      .option('--source <source>', 'only the jobs of one source')
      .option('--executions <job>', 'the newest executions of this job instead, newest first')
      .option('--limit <number>', 'how many of each source, at most 1000', wholeUpTo(1000), 50),
  load: () => import('./show-jobs.ts').then((it) => it.showJobs),
};

import type { OpsCommand } from '../shared/command.ts';

const HELP = `
JOB is the id of a job or the path of its record. What its backend says is asked now, with
your own credentials.

Examples:
  npm run -s ops -- why resnet-7
  npm run -s ops -- why jobs/resnet-7 --json`;

/** All that is known of one job. */
export const why: OpsCommand = {
  name: 'why',
  description: 'the whole story of a job: its record, our changes, its backend, artifacts and days',
  reach: 'reads',
  prints: 'records',
  help: HELP,
  define: (command) =>
    command
      .argument('<job>', 'its id, or the path of its record')
      .option('--source <source>', 'where several sources have a job of that id'),
  load: () => import('./show-job.ts').then((it) => it.showJob),
};

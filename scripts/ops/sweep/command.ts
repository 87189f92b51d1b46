import { TERMINAL_STATES } from '../../../functions/shared/model/job/states.ts';
import type { OpsCommand } from '../shared/command.ts';
import { oneOf, parseAge, URL_OPTION } from '../shared/options.ts';

const HELP = `
Of each job that is silent or over its limits: what its record says, what its backend
says, the verdict, and why. A job of a source in mode observe is shown and left alone.
A job that its backend sees run is ended by hand only when you agree, or with --yes. What
was said of a job is taken back while its record is as it was left; no later sweep says
the same again unless it sees something new.

Examples:
  npm run -s ops -- sweep --dry-run
  npm run -s ops -- sweep --dry-run --source jobs --older-than 2h
  npm run -s ops -- sweep --job JOB --end failed --reason "the cluster is gone"
  npm run -s ops -- sweep --job JOB --undo --reason "it runs on"`;

/** Ends the records that lie, shows which ones do, or takes back what was said of one. */
export const sweep: OpsCommand = {
  name: 'sweep',
  description: 'end the job records that lie, or show which ones do and why',
  reach: 'writes',
  prints: 'records',
  help: HELP,
  define: (command) =>
    command
      .option('--dry-run', 'show the verdicts and write nothing')
      .option('--source <source>', 'only the jobs of one source')
      .option('--job <id>', 'only this job, stale or not')
      .option('--older-than <age>', 'only jobs silent, or running, for so long: 90m, 1h, 2d', parseAge)
      .option('--end <state>', `end the job by hand: ${TERMINAL_STATES.join(', ')}`, (word) =>
        oneOf('end', word, TERMINAL_STATES),
      )
      .option('--undo', 'take back what a sweep, or a person, said of the job')
      .option('--reason <text>', 'why, kept with the job')
      .option(...URL_OPTION),
  load: () => import('./sweep.ts').then((it) => it.sweep),
};

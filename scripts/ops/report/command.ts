import { DAY_MS } from '../../../functions/shared/dates.ts';
import type { OpsCommand } from '../shared/command.ts';
import { ageUpTo } from '../shared/options.ts';

const HELP = `
The key is the one of NIGHTSHIFT_JOB_TOKEN_KEY here, which must be that of the deployment. Nothing is
asked and nothing is stored: hand the token to the job, in NIGHTSHIFT_JOB_TOKEN.

Examples:
  NIGHTSHIFT_JOB_TOKEN_KEY="$(gcloud secrets versions access latest --secret=job-token-key)" \\
    npm run -s ops -- report token --job train-1234
  npm run -s ops -- report token --job train-1234 --source jobs --for 7d`;

/** What reporters of jobs need. */
export const report: OpsCommand = {
  name: 'report',
  description: 'what those need that report jobs',
  reach: 'local',
  prints: 'text',
  load: null,
  subcommands: [
    {
      name: 'token',
      description: 'mint the token with which one job is reported',
      reach: 'local',
      prints: 'records',
      define: (command) =>
        command
          .requiredOption('--job <id>', 'the job that it is for')
          .option('--source <name>', 'the source of the job', 'jobs')
          .option('--for <age>', 'how long it holds, at most 30d (30d)', ageUpTo(30), 30 * DAY_MS),
      help: HELP,
      load: () => import('./mint-token.ts').then((it) => it.mintToken),
    },
  ],
};

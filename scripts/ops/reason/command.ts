import type { OpsCommand } from '../shared/command.ts';

const HELP = `
FILE is the end of any log, or all of it, oldest line first; - is standard input. The last 1,000 lines count.
What gcloud logging read --format=json prints is read in the order of its times, whichever way it is sorted.
Tokens, passwords and addresses that could be opened are never printed.

A file whose lines are {"id": ..., "system": ..., "lines": [...]} holds many logs: each gets one line of JSON with its id,
in their order. A line that is no such log is named on standard error, and the exit code is 1.

Examples:
  npm run -s ops -- reason train.log
  gcloud builds log BUILD | npm run -s ops -- reason -
  gcloud logging read 'labels."run.googleapis.com/execution_name"=NAME' --format=json | npm run -s ops -- reason -
  npm run -s ops -- reason logs.ndjson > reasons.ndjson`;

/** Why whatever wrote a log ended. */
export const reason: OpsCommand = {
  name: 'reason',
  description: 'the one line of a log that says why it failed',
  reach: 'local',
  prints: 'records',
  help: HELP,
  define: (command) => command.argument('<file>', 'a log, or many as NDJSON; - for standard input'),
  load: () => import('./show-reason.ts').then((it) => it.showReason),
};

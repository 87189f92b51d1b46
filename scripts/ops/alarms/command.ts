import type { OpsCommand } from '../shared/command.ts';
import { parseSince } from '../shared/options.ts';

const HELP = `
ID is the id of an alarm or the beginning of one. An alarm closes by itself once what it is
about is over; one that is closed by hand opens again when a later run still finds it.

Examples:
  npm run -s ops -- alarms --since 7d
  npm run -s ops -- alarms collect-metrics:failing
  npm run -s ops -- alarms close collect-metrics:failing --reason "the API is retired"`;

/** The incidents that last, those that are over, one of them whole, and how to close one. */
export const alarms: OpsCommand = {
  name: 'alarms',
  description: 'the incidents that last: what, since when, and where to look further',
  reach: 'reads',
  prints: 'records',
  help: HELP,
  define: (command) =>
    command
      .usage('[options] [id] | close <id>')
      .argument('[id]', 'show this one whole')
      .option('--all', 'also those that ended in the last 90 days, the newest 500')
      .option('--since <when>', 'also those that ended since: 90m, 24h, 7d, or an instant', parseSince),
  load: () => import('./show-alarms.ts').then((it) => it.showAlarms),
  subcommands: [
    {
      name: 'close',
      description: 'close an alarm by hand',
      reach: 'writes',
      prints: 'records',
      define: (command) =>
        command
          .argument('<id>', 'its id, or the beginning of it')
          .requiredOption('--reason <text>', 'why, kept with the alarm'),
      load: () => import('./close-alarm.ts').then((it) => it.closeAlarm),
    },
  ],
};

import type { OpsCommand } from '../shared/command.ts';
import { ageUpTo, parseSince } from '../shared/options.ts';

const HELP = `
ID is the id of an alarm or the beginning of one. An alarm closes by itself once what it is
about is over; one that is closed by hand opens again when a later run still finds it.
A muted alarm stays open and listed, but health does not count it as wrong until its time.

Examples:
  npm run -s ops -- alarms --since 7d
  npm run -s ops -- alarms collect-metrics:failing
  npm run -s ops -- alarms close collect-metrics:failing --reason "the API is retired"
  npm run -s ops -- alarms mute jobs:overdue --for 8h --reason "the long training is known"`;

/** What is to be silent for longer is corrected, or its alarm closed. */
const parseMuteTime = ageUpTo(90);

/** The incidents that last, those that are over, one of them whole, and how to close or mute one. */
export const alarms: OpsCommand = {
  name: 'alarms',
  description: 'the incidents that last: what, since when, and where to look further',
  reach: 'reads',
  prints: 'records',
  help: HELP,
  define: (command) =>
    command
      .usage('[options] [id] | close <id> | mute <id> | unmute <id>')
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
    {
      name: 'mute',
      description: 'have health not count an open alarm as wrong for some time',
      reach: 'writes',
      prints: 'records',
      define: (command) =>
        command
          .argument('<id>', 'its id, or the beginning of it')
          .requiredOption('--for <time>', 'for how long, at most 90d: 90m, 8h or 2d', parseMuteTime)
          .requiredOption('--reason <text>', 'why, kept with the alarm'),
      load: () => import('./mute-alarm.ts').then((it) => it.muteAlarm),
    },
    {
      name: 'unmute',
      description: 'end the mute of an alarm before its time',
      reach: 'writes',
      prints: 'records',
      define: (command) => command.argument('<id>', 'its id, or the beginning of it'),
      load: () => import('./mute-alarm.ts').then((it) => it.unmuteAlarm),
    },
  ],
};

import type { OpsCommand } from '../shared/command.ts';

const HELP = `
Without FILE, the settings of NIGHTSHIFT_SETTINGS are checked, or functions/settings.json.
Nothing is asked and no stack is needed; ops sources check reports whether the records are as
the settings say. The exit code is 1 when there is a problem.`;

/** Whether a settings file can be used. */
export const settings: OpsCommand = {
  name: 'settings',
  description: 'what Nightshift looks after, as its settings say',
  reach: 'local',
  prints: 'text',
  load: null,
  subcommands: [
    {
      name: 'check',
      description:
        'name every problem of a settings file: its place, what is expected, the nearest known key',
      reach: 'local',
      prints: 'records',
      help: HELP,
      define: (command) => command.argument('[file]', 'the settings to check'),
      load: () => import('./check-settings.ts').then((it) => it.checkSettings),
    },
  ],
};

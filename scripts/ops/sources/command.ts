import type { OpsCommand } from '../shared/command.ts';

/** Whether the records of each source are what the settings say. */
export const sources: OpsCommand = {
  name: 'sources',
  description: 'the collections of job records that are looked after',
  reach: 'local',
  prints: 'text',
  load: null,
  subcommands: [
    {
      name: 'check',
      description: 'read 20 records of each source and report what is unmapped, mistyped or missing',
      reach: 'reads',
      prints: 'records',
      help: '\nThe exit code is 1 when there is something to fix.',
      load: () => import('./check-sources.ts').then((it) => it.checkSources),
    },
  ],
};

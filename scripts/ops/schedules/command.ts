import type { OpsCommand, Perform } from '../shared/command.ts';

const HELP = `
The region is the one of NIGHTSHIFT_REGION unless --region names it; the running stack needs none.

Examples:
  npm run -s ops -- schedules
  npm run -s ops -- schedules run collect-metrics
  npm run -s ops -- schedules pause cleanup-artifacts`;

function change(
  name: string,
  description: string,
  pick: (module: typeof import('./change.ts')) => Perform,
): OpsCommand {
  return {
    name,
    description,
    reach: 'writes',
    prints: 'records',
    define: (command) => command.argument('<task>', 'a task of the catalogue'),
    load: () => import('./change.ts').then(pick),
  };
}

/** The jobs of Cloud Scheduler beside what the catalogue declares, and what can be done with one. */
export const schedules: OpsCommand = {
  name: 'schedules',
  description: 'what Cloud Scheduler does beside what the catalogue declares; run, pause, resume',
  reach: 'reads',
  prints: 'records',
  help: HELP,
  load: () => import('./show-schedules.ts').then((it) => it.showSchedules),
  subcommands: [
    change('run', 'have Cloud Scheduler call the function of a task now', (it) => it.runSchedule),
    change('pause', 'have Cloud Scheduler call it no more', (it) => it.pauseSchedule),
    change('resume', 'have Cloud Scheduler call it at its slots again', (it) => it.resumeSchedule),
  ],
};

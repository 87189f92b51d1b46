import type { OpsCommand } from '../shared/command.ts';

const HELP = `
The exit code is 1 when a task is stuck, failing or late, an alarm is open and not muted, a job is stale,
or no sweep has looked at the jobs lately; 0 when nothing is wrong; 3 when nobody could be asked.`;

/** How the jobs, the tasks and the alarms stand, for a person and for a script. */
export const health: OpsCommand = {
  name: 'health',
  description: 'how jobs, tasks and alarms stand; the first line says what is wrong',
  reach: 'reads',
  prints: 'records',
  watches: true,
  help: HELP,
  load: () => import('./show-health.ts').then((it) => it.showHealth),
};

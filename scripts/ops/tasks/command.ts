import type { OpsCommand } from '../shared/command.ts';

/** How every task of the catalogue stands. */
export const tasks: OpsCommand = {
  name: 'tasks',
  description: 'how every task stands: state, next and last run, recent results, open alarms',
  reach: 'reads',
  prints: 'records',
  load: () => import('./show-tasks.ts').then((it) => it.showTasks),
};

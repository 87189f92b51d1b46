import { TABLE_NAMES } from '../../../functions/shared/model/workload/tables.ts';
import type { OpsCommand } from '../shared/command.ts';
import { oneOf } from '../shared/options.ts';

const HELP = `
How long something runs is counted up to now only where its region answers. Behind ≥ stands what was seen
when it last did; after 15 minutes the state is unknown. --json prints what /status/api/workloads answers.

Examples:
  npm run -s ops -- workloads
  npm run -s ops -- workloads builds --json
  npm run -s ops -- watch`;

/** The workload tables: what runs on the platform, and why what failed did. */
export const workloads: OpsCommand = {
  name: 'workloads',
  description: 'what runs on the platform, how old that is in each region, and why what failed did',
  reach: 'reads',
  prints: 'records',
  help: HELP,
  define: (command) =>
    command.argument('[table]', `only this one: ${TABLE_NAMES.join(', ')}`, (word) =>
      oneOf('table', word, TABLE_NAMES),
    ),
  load: () => import('./show-workloads.ts').then((it) => it.showWorkloads),
};

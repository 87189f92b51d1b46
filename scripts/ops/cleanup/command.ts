import type { OpsCommand } from '../shared/command.ts';
import { URL_OPTION, wholeUpTo } from '../shared/options.ts';

const HELP = `
A plan says of every job whether its artifacts go, and why. The first plan of a
policy, and one that goes beyond a guard, waits until somebody approves it.
An id of a plan or a run may be shortened as long as it names one alone.

Examples:
  npm run -s ops -- cleanup plan
  npm run -s ops -- cleanup approve PLAN
  npm run -s ops -- cleanup apply PLAN
  npm run -s ops -- cleanup undo RUN`;

const ALL_OPTION = ['--all', 'every job that is kept by itself, however many there are'] as const;

/** Plans of clean-ups, their approval, and their undoing. */
export const cleanup: OpsCommand = {
  name: 'cleanup',
  description: 'what is deleted of the artifacts of jobs: plan, approve, apply, undo',
  reach: 'local',
  prints: 'text',
  help: HELP,
  load: null,
  subcommands: [
    {
      name: 'plan',
      description: 'make a plan and show it; deletes nothing',
      reach: 'reads',
      prints: 'records',
      define: (command) => command.option(...URL_OPTION).option(...ALL_OPTION),
      load: () => import('./show-plans.ts').then((it) => it.makePlan),
    },
    {
      name: 'apply',
      description: 'delete what a plan says, as far as nothing keeps it by now',
      reach: 'writes',
      prints: 'records',
      define: (command) => command.argument('<plan>', 'its id').option(...URL_OPTION),
      load: () => import('./carry-out.ts').then((it) => it.applyPlan),
    },
    {
      name: 'approve',
      description: 'let a plan go on that waits',
      reach: 'writes',
      prints: 'records',
      define: (command) => command.argument('<plan>', 'its id'),
      load: () => import('./approve.ts').then((it) => it.approvePlan),
    },
    {
      name: 'undo',
      description: 'bring back what a run deleted, as far as soft delete still has it',
      reach: 'writes',
      prints: 'records',
      define: (command) => command.argument('<run>', 'its id').option(...URL_OPTION),
      load: () => import('./carry-out.ts').then((it) => it.undoRun),
    },
    {
      name: 'plans',
      description: 'the newest plans, or all there is of one',
      reach: 'reads',
      prints: 'records',
      define: (command) =>
        command
          .argument('[plan]', 'its id')
          .option(...ALL_OPTION)
          .option('--limit <number>', 'how many plans, at most 100', wholeUpTo(100), 20),
      load: () => import('./show-plans.ts').then((it) => it.showPlans),
    },
  ],
};

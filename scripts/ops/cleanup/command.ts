import type { Command } from 'commander';
import { fieldsOf } from '../../shared/objects.ts';
import { isGood } from '../../words/answer.ts';
import { cleanupCommand } from '../../words/cleanup.ts';
import { print, printJson } from '../../words/terminal.ts';
import { type CallOptions, call, tell } from '../shared/call.ts';
import { connect } from '../shared/connect.ts';
import { functionOf } from '../shared/function-place.ts';
import { wholeUpTo } from '../shared/options.ts';
import { whileSaying } from '../shared/waiting.ts';
import { approvePlan } from './approve.ts';
import { applyPlan, TASK, undoRun } from './carry-out.ts';
import { plansInWords } from './plan-words.ts';
import { openPlans, readPlan, showPlan } from './stored-plan.ts';

const HELP = `
A plan says of every job whether its artifacts go, and why. The first plan of a
policy, and one that goes beyond a guard, waits until somebody approves it.

Examples:
  npm run -s ops -- cleanup plan
  npm run -s ops -- cleanup approve PLAN
  npm run -s ops -- cleanup apply PLAN
  npm run -s ops -- cleanup undo RUN`;

/** Adds `cleanup`: plans of clean-ups, their approval, and their undoing. */
export function addCleanup(program: Command): void {
  const cleanup = program
    .command('cleanup')
    .description('what is deleted of the artifacts of jobs: plan, approve, apply, undo')
    .addHelpText('after', HELP);
  const calling = (command: Command) =>
    command
      .option('--url <url>', 'call exactly this URL; a private one gets an ID token')
      .option('--json', 'print the result as JSON');
  const writing = (command: Command) => command.option('--yes', 'write to a real project without asking');
  const ALL = ['--all', 'every job that is kept by itself, however many there are'] as const;

  calling(cleanup.command('plan'))
    .description('make a plan and show it; deletes nothing')
    .option(...ALL)
    .action(makePlan);
  writing(calling(cleanup.command('apply')))
    .description('delete what a plan says, as far as nothing keeps it by now')
    .argument('<plan>', 'its id')
    .action(applyPlan);
  writing(cleanup.command('approve'))
    .description('let a plan go on that waits')
    .argument('<plan>', 'its id')
    .action(approvePlan);
  writing(calling(cleanup.command('undo')))
    .description('bring back what a run deleted, as far as soft delete still has it')
    .argument('<run>', 'its id')
    .action(undoRun);
  cleanup
    .command('plans')
    .description('the newest plans, or all there is of one')
    .argument('[plan]', 'its id')
    .option(...ALL)
    .option('--limit <number>', 'how many plans, at most 100', wholeUpTo(100), 20)
    .option('--json', 'print the plans, or the plan with its lines, as JSON')
    .action(showPlans);
}

async function makePlan({ url: given, json, all }: Omit<CallOptions, 'yes'> & { all?: true }): Promise<void> {
  const connection = await connect();
  const place = await functionOf(TASK, given);
  const answer = await call(place, { dryRun: true }, (work) => whileSaying('planning', work));
  const { planId } = fieldsOf(answer.summary);
  if (!isGood(answer.outcome) || typeof planId !== 'string') return tell(answer, { json });
  showPlan(await readPlan(planId, connection), { json, all });
}

async function showPlans(
  planId: string | undefined,
  { limit, json, all }: { limit: number; json?: true; all?: true },
): Promise<void> {
  const connection = await connect();
  if (planId !== undefined) return showPlan(await readPlan(planId, connection), { json, all });
  const store = await openPlans(connection);
  const plans = await connection.ask('reading the plans', store.newest(limit));
  if (json) return printJson(plans);
  if (plans.length === 0) return print(`No plan on record. Make one: ${cleanupCommand('plan')}`);
  print(...plansInWords(plans, connection.clock.now()));
}

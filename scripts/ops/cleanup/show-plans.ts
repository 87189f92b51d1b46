import { fieldsOf } from '../../shared/objects.ts';
import { isGood } from '../../words/answer.ts';
import { cleanupCommand } from '../../words/cleanup.ts';
import { print, printJson } from '../../words/terminal.ts';
import { type CallOptions, call, printAnswer } from '../shared/call.ts';
import { connect } from '../shared/connect.ts';
import { functionOf } from '../shared/function-place.ts';
import { whileSaying } from '../shared/waiting.ts';
import { TASK } from './carry-out.ts';
import { plansInWords } from './plan-words.ts';
import { openPlans, readPlan, showPlan } from './stored-plan.ts';

/** Has the function make a plan, and shows it. */
export async function makePlan({
  url: given,
  json,
  all,
}: Omit<CallOptions, 'yes'> & { all?: true }): Promise<void> {
  const connection = await connect();
  const place = await functionOf(TASK, given);
  const answer = await call(place, { dryRun: true }, (work) => whileSaying('planning', work));
  const { planId } = fieldsOf(answer.summary);
  if (!isGood(answer.outcome) || typeof planId !== 'string') return printAnswer(answer, { json });
  showPlan(await readPlan(planId, connection), { json, all });
}

/** Shows the newest plans, or one whole. */
export async function showPlans(
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

import { loadCatalog, nextSlot } from '../../../functions/shared/catalog.ts';
import { cleanupCommand } from '../../words/cleanup.ts';
import { stamp } from '../../words/figures.ts';
import { print, printJson, terminalWidth } from '../../words/terminal.ts';
import { confirmWrite } from '../shared/confirm.ts';
import { connect } from '../shared/connect.ts';
import { OpsProblem } from '../shared/problem.ts';
import { placeOf } from '../shared/target.ts';
import { TASK } from './carry-out.ts';
import { plannedInWords, planToAgreeTo } from './plan-words.ts';
import { openPlans, readPlan } from './stored-plan.ts';

/** Shows a plan, lets it go on, and says what happens next. */
export async function approvePlan(given: string, { yes, json }: { yes?: true; json?: true }): Promise<void> {
  const connection = await connect();
  const { target, environment, ask, clock } = connection;
  const { plan, lines } = await readPlan(given, connection);
  const { planId } = plan;
  if (!json) print(...planToAgreeTo(plan, lines, { all: false, width: terminalWidth() }));
  const place = placeOf(target, { database: environment.FIRESTORE_DATABASE });
  await confirmWrite(
    target.kind === 'real',
    `This lets ${planId} delete artifacts of ${plannedInWords(plan)}, in ${place}`,
    yes,
  );
  const store = await openPlans(connection);
  const result = await ask(`approving ${planId}`, store.approve(planId, clock.now()));
  if (result !== 'approved') throw new OpsProblem(`Cannot approve ${planId}: it is ${result} already`);
  const { plan: approved } = await readPlan(planId, connection);
  if (json) return printJson(approved);
  const entry = loadCatalog(environment)[TASK];
  const next = entry?.enabled ? `, the next one at ${stamp(nextSlot(entry, clock.now()))}` : '';
  print(
    `approved until ${stamp(approved.approvalEndsAt)}: a scheduled run carries it out${next}`,
    `or do it now: ${cleanupCommand(`apply ${planId}`)}`,
  );
}

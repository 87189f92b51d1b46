import type { CleanupPlan, PlanLine } from '../../../functions/shared/model/cleanup/cleanup.ts';
import type { CleanupPlanStore } from '../../../functions/shared/store/own/cleanup-plans.ts';
import { print, printJson, terminalWidth } from '../../words/terminal.ts';
import { type Connection, SILENT } from '../shared/connect.ts';
import { findById } from '../shared/find-id.ts';
import { OpsProblem } from '../shared/problem.ts';
import { placeOf } from '../shared/target.ts';
import { planInWords } from './plan-words.ts';

/** A plan with what it decides of every job. */
interface WholePlan {
  plan: CleanupPlan;
  lines: PlanLine[];
  /** The runs that deleted something of it. */
  runs: string[];
}

/** Prints a plan. */
export function showPlan(
  { plan, lines, runs }: WholePlan,
  { json, all }: { json?: true | undefined; all?: true | undefined },
): void {
  if (json) return void printJson({ ...plan, runs, lines });
  print(...planInWords(plan, lines, { all: all === true, width: terminalWidth(), runs }));
}

/** The plans on record. Loaded only when needed: it takes long, and `ops --help` must be quick. */
export async function openPlans({ collections }: Connection): Promise<CleanupPlanStore> {
  const { cleanupPlanStore } = await import('../../../functions/shared/store/own/cleanup-plans.ts');
  return cleanupPlanStore(collections, SILENT);
}

/** Reads the plan of an id, which may be shortened. Throws OpsProblem when there is none. */
export async function readPlan(given: string, connection: Connection): Promise<WholePlan> {
  const { target, ask, collections } = connection;
  const planId = (await findById('plan', collections.cleanupPlans, [given], connection))?.id ?? given;
  const store = await openPlans(connection);
  const { data: plan } = await ask(`reading ${planId}`, store.load(planId));
  if (!plan) throw new OpsProblem(`There is no plan ${planId} in ${placeOf(target)}`);
  const { journalStore } = await import('../../../functions/shared/store/own/journal.ts');
  const journal = journalStore(connection.collections, SILENT);
  return {
    plan,
    lines: await ask(`reading the lines of ${planId}`, store.lines(planId)),
    runs: await ask(`reading the runs of ${planId}`, journal.runsOf(planId)),
  };
}

import { fieldsOf } from '../../shared/objects.ts';
import { exitWith } from '../../shared/shell.ts';
import { oneLine } from '../../words/terminal.ts';
import { type CallOptions, call, confirmCall, printAnswer } from '../shared/call.ts';
import { connect, SILENT } from '../shared/connect.ts';
import { findById } from '../shared/find-id.ts';
import { functionOf } from '../shared/function-place.ts';
import { EXIT, OpsProblem } from '../shared/problem.ts';
import { plannedInWords } from './plan-words.ts';
import { type Watched, whileWatching } from './progress.ts';
import { readPlan } from './stored-plan.ts';
import { deletionWatch } from './watch.ts';

/** The task whose function is called. */
export const TASK = 'cleanup-artifacts';

/** Lets the function carry out a plan, and shows how far it is. */
export async function applyPlan(wanted: string, { url: given, json, yes }: CallOptions): Promise<void> {
  const connection = await connect();
  const { plan, lines } = await readPlan(wanted, connection);
  const { planId } = plan;
  const place = await functionOf(TASK, given);
  // Of one that is applied nothing is left to do, and the function says so.
  if (plan.status === 'applied') return printAnswer(await call(place, { planId }, (work) => work), { json });
  await confirmCall(place, `This deletes artifacts of ${plannedInWords(plan)}`, yes);
  const { journalStore } = await import('../../../functions/shared/store/own/journal.ts');
  const journal = journalStore(connection.collections, SILENT);
  const going = lines.filter(({ decision, enforced }) => decision === 'delete' && enforced);
  const watched: Watched = {
    unit: 'objects',
    total: going.reduce((sum, { objects }) => sum + (objects ?? 0), 0),
    poll: deletionWatch(planId, {
      ofPlan: (...which) => connection.ask('reading the journal', journal.ofPlan(...which)),
    }),
  };
  const answer = await call(place, { planId }, (work) => whileWatching(watched, work));
  printAnswer(answer, { json });
  // Partial, and yet nothing of what was asked for was done.
  if (fieldsOf(answer.summary).planStatus === 'waiting') exitWith(EXIT.wrong);
}

/** Lets the function bring back what a run deleted, and shows how far it is. */
export async function undoRun(wanted: string, { url: given, json, yes }: CallOptions): Promise<void> {
  const connection = await connect();
  const { collections, ask } = connection;
  // A run that is pruned already may still be in the journal.
  const runId = (await findById('run', collections.taskRuns, beginningsOf(wanted), connection))?.id ?? wanted;
  const { journalStore } = await import('../../../functions/shared/store/own/journal.ts');
  const { pinStore } = await import('../../../functions/shared/store/own/pins.ts');
  const journal = journalStore(collections, SILENT);
  const total = await ask('reading the journal', journal.jobsOf(runId));
  // A function that was named may be of any deployment, with a journal of its own.
  if (total === 0 && given === undefined)
    throw new OpsProblem(`Cannot undo ${oneLine(runId)}: no run of that id deleted anything`);
  const place = await functionOf(TASK, given);
  await confirmCall(place, `This brings back what ${runId} deleted`, yes);
  // Each job is pinned before its objects are restored.
  const pins = pinStore(collections, SILENT);
  const count = () => ask('counting the pins', pins.count());
  const before = await count();
  const watched: Watched = {
    unit: 'jobs',
    total,
    poll: async () => ({ count: (await count()) - before, bytes: null }),
  };
  printAnswer(await call(place, { undo: runId }, (work) => whileWatching(watched, work)), { json });
}

/** A run of the clean-up may be named without its task. */
function beginningsOf(run: string): string[] {
  return run.includes('@') ? [run] : [run, `${TASK}@${run}`, `${TASK}@manual-${run}`];
}

import { chunksOf } from '../shared/concurrency.ts';
import { addMs, DAY_MS } from '../shared/dates.ts';
import { RecordChanged } from '../shared/errors.ts';
import type { Found } from '../shared/store/own/retention.ts';
import { type PruneTools, removeTogether } from './prune.ts';

const ITEMS_PER_COMMIT = 200;
/** No clean-up is still at work on the lines of a plan after so long. */
const STRAY_AFTER_MS = DAY_MS;

/**
 * Removes plans with what lies below them; returns how many. A plan is retired first, so that no run carries out half of
 * it, and removed last, so that a run that breaks off leaves it to be found again.
 */
export async function removePlans(plans: readonly Found[], tools: PruneTools): Promise<number> {
  const { run, store, account } = tools;
  let removed = 0;
  for (const plan of plans) {
    try {
      await run.commit((batch) => store.retirePlan(batch, plan));
    } catch (error) {
      if (!(error instanceof RecordChanged)) throw error;
      continue;
    }
    const items = await store.itemsOf(plan, account.tally);
    for (const some of chunksOf(items, ITEMS_PER_COMMIT)) await removeTogether(some, tools);
    await run.commit((batch) => store.removePlan(batch, plan));
    removed += 1;
  }
  return removed;
}

/** Removes the lines of plans that were never stored because the run that wrote them broke off. */
export async function pruneStrays(tools: PruneTools): Promise<void> {
  const { run, store, account, isTimeUp } = tools;
  if (isTimeUp()) return;
  const before = addMs(run.startedAt, -STRAY_AFTER_MS);
  const orphans = await store.strayItems(before, account.tally);
  for (const some of chunksOf(orphans, ITEMS_PER_COMMIT))
    account.prunedStrays += run.dryRun ? some.length : await removeTogether(some, tools);
}

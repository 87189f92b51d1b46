import { RecordChanged } from '../shared/errors.ts';
import type { ExpiringKind } from '../shared/model/run/retention.ts';
import type { RunContext } from '../shared/run/task.ts';
import type { Found, RetentionStore } from '../shared/store/own/retention.ts';
import { keep, leave, type PruneStats } from './account.ts';
import type { PruneInput } from './input.ts';
import { expiredAt } from './rules/retention.ts';

/** Records of a page, which go in one commit; a plan goes in several of its own. */
const PAGE: Record<ExpiringKind, number> = { runs: 200, alarms: 200, plans: 10, journal: 200 };

/** What pruning works with. */
export interface PruneTools {
  run: RunContext<PruneInput>;
  store: RetentionStore;
  account: PruneStats;
  /** Whether time is up for beginning anything further. */
  isTimeUp(): boolean;
}

/** How records of one kind are pruned. */
export interface Rules {
  /** Why a record stays; `null` when nothing keeps it. Throws for one that nobody can read. */
  keepReason(found: Found): string | null;
  /** Removes records; resolves to how many are gone. */
  remove(records: readonly Found[], tools: PruneTools): Promise<number>;
}

/** Prunes what is due of one kind, page by page, until a short page or until time is up. */
export async function pruneDue(
  kind: ExpiringKind,
  tools: PruneTools,
  rulesFor: (page: readonly Found[]) => Promise<Rules>,
): Promise<void> {
  const { run, store, account, isTimeUp } = tools;
  const now = run.startedAt;
  for (let after: Found | null = null; ; ) {
    if (isTimeUp()) return leaveRest(kind, after, tools);
    run.signal.throwIfAborted();
    const page = await store.due(kind, now, after, PAGE[kind], account.tally);
    const { keepReason, remove } = await rulesFor(page);
    const going = page.filter((found) => goes(kind, found, keepReason, account));
    await count(kind, going, remove, tools);
    if (page.length < PAGE[kind]) return;
    after = page.at(-1) ?? null;
  }
}

/** Removes records of a kind and counts what became of them. */
export async function count(
  kind: ExpiringKind,
  going: readonly Found[],
  remove: Rules['remove'],
  tools: PruneTools,
): Promise<void> {
  if (going.length === 0) return;
  const removed = tools.run.dryRun ? going.length : await remove(going, tools);
  tools.account.pruned[kind] += removed;
  tools.account.skippedRace += going.length - removed;
}

/** Removes records in one commit; those that changed meanwhile stay, and do not hold up the others. */
export async function removeTogether(records: readonly Found[], tools: PruneTools): Promise<number> {
  const { run, store } = tools;
  try {
    await run.commit((batch) => store.remove(batch, records));
    return records.length;
  } catch (error) {
    if (!(error instanceof RecordChanged)) throw error;
    if (records.length <= 1) return 0;
    const half = Math.ceil(records.length / 2);
    const first = await removeTogether(records.slice(0, half), tools);
    return first + (await removeTogether(records.slice(half), tools));
  }
}

function goes(
  kind: ExpiringKind,
  found: Found,
  keepReason: Rules['keepReason'],
  account: PruneStats,
): boolean {
  try {
    const reason = keepReason(found);
    if (reason !== null) keep(account, kind, reason);
    return reason === null;
  } catch (error) {
    unreadable(kind, found, error, account);
    return false;
  }
}

/** Tells of a record that is due, and that nobody can read: it may be anything, so it stays. */
function unreadable(kind: ExpiringKind, { path, fields }: Found, error: unknown, account: PruneStats): void {
  account.problems.push({ path, message: `Cannot read it: ${String(error)}` });
  leave(account, expiredAt(kind, fields));
}

async function leaveRest(kind: ExpiringKind, after: Found | null, tools: PruneTools): Promise<void> {
  const { run, store, account } = tools;
  const now = run.startedAt;
  account.remaining[kind] += await store.countDue(kind, now, after);
  const [next] = await store.due(kind, now, after, 1, account.tally);
  if (next) leave(account, expiredAt(kind, next.fields));
}

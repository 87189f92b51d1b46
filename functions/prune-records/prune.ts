import { pooledMap } from '../shared/concurrency.ts';
import { RecordChanged } from '../shared/errors.ts';
import type { ExpiringKind } from '../shared/model/run/retention.ts';
import type { RunContext } from '../shared/run/task.ts';
import type { Found, RetentionStore } from '../shared/store/own/retention.ts';
import { countKept, noteOverdue, type PruneStats } from './account.ts';
import type { PruneInput } from './input.ts';
import { expiredAt } from './rules/retention.ts';

/** Records of a page, which go in one commit; a plan goes in several of its own. */
const PAGE: Record<ExpiringKind, number> = {
  runs: 200,
  alarms: 200,
  plans: 10,
  journal: 200,
  ends: 200,
};

/** Judging a run may look up its task. */
const JUDGED_AT_ONCE = 4;

/** What pruning works with. */
export interface PruneTools {
  run: RunContext<PruneInput>;
  store: RetentionStore;
  account: PruneStats;
  /** Whether time is up for beginning anything further. */
  isTimeUp(): boolean;
}

/** How records of one kind, read as `T`, are pruned. */
export interface Rules<T> {
  /** Throws for a record that cannot be read. */
  read(found: Found): T;
  /** Why a record stays; `null` when nothing keeps it. */
  keepReason(record: T): Promise<string | null>;
  /** Removes records; resolves to how many are gone. */
  remove(records: readonly Found[], tools: PruneTools): Promise<number>;
}

/** The rules of a kind of which everything that is due goes. */
export const REMOVE_ALL: Rules<null> = {
  read: () => null,
  keepReason: async () => null,
  remove: removeTogether,
};

/** Prunes what is due of one kind, page by page, until a short page or until time is up. */
export async function pruneDue<T>(kind: ExpiringKind, rules: Rules<T>, tools: PruneTools): Promise<void> {
  const { run, store, account, isTimeUp } = tools;
  for (let after: Found | null = null; ; ) {
    if (isTimeUp()) return noteRest(kind, after, tools);
    run.signal.throwIfAborted();
    const page = await store.due(kind, run.startedAt, after, PAGE[kind], account.tally);
    const judged = await pooledMap(page, JUDGED_AT_ONCE, async (found) => judge(found, rules));
    const targets: Found[] = [];
    for (const one of judged) {
      if ('error' in one) noteUnreadable(kind, one.found, one.error, account);
      else if (one.keepReason !== null) countKept(account, kind, one.keepReason);
      else targets.push(one.found);
    }
    await removeAndCount(kind, targets, rules.remove, tools);
    if (page.length < PAGE[kind]) return;
    after = page.at(-1) ?? null;
  }
}

/** Removes records of a kind and counts what became of them. */
export async function removeAndCount(
  kind: ExpiringKind,
  targets: readonly Found[],
  remove: Rules<never>['remove'],
  tools: PruneTools,
): Promise<void> {
  if (targets.length === 0) return;
  const removed = tools.run.dryRun ? targets.length : await remove(targets, tools);
  tools.account.pruned[kind] += removed;
  tools.account.skippedRace += targets.length - removed;
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

/** What is decided on one record that is due, or why it cannot be read. */
type Judged = { found: Found; keepReason: string | null } | { found: Found; error: unknown };

/** Rejects only where what decides cannot be looked up: that is no fault of the record. */
async function judge<T>(found: Found, { read, keepReason }: Rules<T>): Promise<Judged> {
  let record: T;
  try {
    record = read(found);
  } catch (error) {
    return { found, error };
  }
  return { found, keepReason: await keepReason(record) };
}

/** Reports a record that is due and cannot be read: it may be anything, so it stays. */
function noteUnreadable(
  kind: ExpiringKind,
  { path, fields }: Found,
  error: unknown,
  account: PruneStats,
): void {
  account.problems.push({ path, message: `Cannot read it: ${String(error)}` });
  noteOverdue(account, expiredAt(kind, fields));
}

/** Counts what is due behind `after` and is left for lack of time. */
async function noteRest(kind: ExpiringKind, after: Found | null, tools: PruneTools): Promise<void> {
  const { run, store, account } = tools;
  const now = run.startedAt;
  account.remaining[kind] += await store.countDue(kind, now, after);
  const [next] = await store.due(kind, now, after, 1, account.tally);
  if (next) noteOverdue(account, expiredAt(kind, next.fields));
}

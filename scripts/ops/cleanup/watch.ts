import type { Journal } from '../../../functions/shared/model/cleanup/cleanup.ts';
import type { JournalStore } from '../../../functions/shared/store/own/journal.ts';

/** How far a deletion or an undo is. */
export interface Done {
  /** Objects or jobs. */
  count: number;
  /** `null` where they are unknown. */
  bytes: number | null;
}

/**
 * Returns, each time it is called, how many of a plan's objects are settled, by the journal of its runs. An entry that is
 * settled is read once and never again.
 */
export function deletionWatch(
  planId: string,
  { ofPlan }: Pick<JournalStore, 'ofPlan'>,
): () => Promise<Done & { bytes: number }> {
  const entries = new Map<string, { at: Date; open: boolean; count: number; bytes: number }>();
  return async () => {
    for (const entry of await ofPlan(planId, unsettledSince([...entries.values()])))
      entries.set(entry.id, settledOf(entry));
    let [count, bytes] = [0, 0];
    for (const entry of entries.values()) {
      count += entry.count;
      bytes += entry.bytes;
    }
    return { count, bytes };
  };
}

/** From when on entries may be new or may have changed; `null` while none is known. */
function unsettledSince(known: readonly { at: Date; open: boolean }[]): Date | null {
  const open = known.filter((entry) => entry.open).map(({ at }) => at.getTime());
  if (open.length > 0) return new Date(Math.min(...open));
  return known.length > 0 ? new Date(Math.max(...known.map(({ at }) => at.getTime()))) : null;
}

function settledOf({ createdAt, doneAt, entries }: Journal) {
  const settled = entries.filter(({ result }) => result !== null);
  const deleted = settled.filter(({ result }) => result === 'deleted');
  return {
    at: createdAt,
    open: doneAt === null,
    count: settled.length,
    bytes: deleted.reduce((sum, { size }) => sum + size, 0),
  };
}

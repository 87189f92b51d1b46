import { setTimeout as pause } from 'node:timers/promises';
import type { Cleaner } from './cleaner.ts';

/** For how long every batch waits: a reader of the journal comes between. */
const BATCH_MS = 300;

/**
 * Lets the next undo do all that it does, and then forgets what it wrote down of that: as if it had been killed after its
 * last restoration. What it wrote before the first one stays.
 */
export async function killedUndo({ gcs, collections }: Cleaner, undo: () => Promise<unknown>): Promise<void> {
  const journal = async () => (await collections.cleanupJournal.get()).docs;
  type Documents = Awaited<ReturnType<typeof journal>>;
  const of = (documents: Documents, field: string) =>
    JSON.stringify(documents.map((document) => document.get('entries').map((each: never) => each[field])));
  const before = await journal();
  const off = gcs.faults.add({ method: 'batch', fault: { kind: 'latency', ms: BATCH_MS } });
  let isOver = false;
  const done = undo().finally(() => {
    isOver = true;
  });
  let begun = before;
  while (!isOver && of(begun, 'detail') === of(before, 'detail')) {
    await pause(10);
    begun = await journal();
  }
  await done;
  off();
  if (of(begun, 'detail') === of(before, 'detail') || of(begun, 'restoredAs') !== of(before, 'restoredAs'))
    throw new Error('Cannot tell what the undo wrote down before it restored anything');
  for (const document of begun) await document.ref.set(document.data());
}

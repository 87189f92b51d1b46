import { BUCKET, type Cleaner } from './cleaner.ts';

/**
 * Lets the next undo do all that it does, and then forgets what it wrote down after its first restoration: as if it had been
 * killed before.
 */
export async function killedUndo(
  { world, collections }: Cleaner,
  undo: () => Promise<unknown>,
): Promise<void> {
  const bucket = world.bucket(BUCKET);
  const restore = bucket.restore.bind(bucket);
  const journal = async () => (await collections.cleanupJournal.get()).docs;
  let before: ReturnType<typeof journal> | undefined;
  bucket.restore = (version) => {
    before ??= journal();
    return restore(version);
  };
  await undo();
  bucket.restore = restore;
  if (!before) throw new Error('Cannot forget what the undo wrote down: it restored nothing');
  for (const document of await before) await document.ref.set(document.data());
}

import { isDeepStrictEqual } from 'node:util';
import { FieldValue, type Firestore, type WriteBatch } from '@google-cloud/firestore';
import { undoCommand } from '../../model/cleanup/cleanup.ts';
import type { ChangedField, TakenBack } from '../../model/job/evidence.ts';
import type { Source } from '../../model/job/source.ts';
import { quoted } from '../../model/reading/reading.ts';
import { plainOf } from '../firestore/firestore.ts';
import type { SeenJob } from './active-records.ts';
import { type Ground, holdsOnly } from './ground.ts';
import { earlierWith } from './job-endings.ts';
import { addedPaths } from './stored-fields.ts';

type Mapping = Pick<Source, 'fields' | 'addedField'>;

/** Why the change of ours that stands in a record cannot be taken back, in words; `null` where it can. */
export function whyNotTakenBack(source: Mapping, { job, stored }: SeenJob): string | null {
  const { evidence, tombstone, deletedAt } = job.added;
  if (!evidence)
    return stored.has(addedPaths(source.addedField).evidence)
      ? 'the evidence of our change in its record cannot be read'
      : 'no change of ours stands in its record';
  if (evidence.fields.length === 0)
    return `run ${evidence.runId} of an older release ended it, which kept nothing of what it overwrote`;
  const moved = changesIn(source, stored).find(
    (change) => !isAsWeLeftIt(change, stored) && !isWriteTime(change, source),
  );
  if (moved) {
    const now = quoted(plainOf(stored.get(moved.path)));
    return `its record is not as we left it: ${moved.path} was given ${quoted(plainOf(moved.after))}, and is ${now} now`;
  }
  if (tombstone && !deletedAt)
    return `the deletion of its artifacts has begun: bring them back first, with ${undoCommand(tombstone.runId)}`;
  return null;
}

/**
 * Adds to `batch` that the change of ours is taken back: each field is what it was, exactly as it was stored, and the
 * evidence is among the earlier ones, with who took it back. A map that came with a field goes with it, unless somebody put
 * more into it. A write time of theirs that moved since stays. It fails where the record moved since it was seen.
 */
export function putTakenBack(
  batch: WriteBatch,
  db: Firestore,
  source: Mapping,
  { path, stored, updateTime }: SeenJob,
  ground: Ground,
  takenBack: TakenBack,
): void {
  const changes = changesIn(source, stored).filter((change) => isAsWeLeftIt(change, stored));
  const added = addedPaths(source.addedField);
  const change = { ...(stored.get(added.evidence) as object), takenBack };
  batch.update(
    db.doc(path),
    {
      ...Object.fromEntries(changes.map((it) => whatWas(it, changes, ground))),
      [added.evidence]: FieldValue.delete(),
      [added.endInferred]: FieldValue.delete(),
      [added.earlier]: earlierWith(change, stored, source.addedField),
    },
    { lastUpdateTime: updateTime },
  );
}

/** What stood before a change, and where: several that made one map between them put the same in its place. */
function whatWas(
  change: ChangedField,
  changes: readonly ChangedField[],
  ground: Ground,
): [path: string, value: unknown] {
  const { made } = change;
  const paths = changes.map(({ path }) => path);
  const { path, ...was } = made && holdsOnly(made.path, paths, ground) ? made : change;
  return [path, 'before' in was ? was.before : FieldValue.delete()];
}

/** What the evidence says that was written, as it is stored: a job's own evidence has lost the microseconds. */
function changesIn({ addedField }: Mapping, stored: SeenJob['stored']): ChangedField[] {
  const evidence = stored.get(addedPaths(addedField).evidence) as { fields?: ChangedField[] } | undefined;
  return evidence?.fields ?? [];
}

function isAsWeLeftIt({ path, after }: ChangedField, stored: SeenJob['stored']): boolean {
  return isDeepStrictEqual(stored.get(path), after);
}

/** Whoever writes a heartbeat into a record moves this, and says nothing about its end. */
function isWriteTime({ path }: ChangedField, { fields }: Mapping): boolean {
  return path === fields.updatedAt?.path;
}

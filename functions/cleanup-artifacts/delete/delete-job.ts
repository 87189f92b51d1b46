import { randomUUID } from 'node:crypto';
import type { DeletionResult } from '../../shared/cloud/storage/deletion.ts';
import type { ItemResult } from '../../shared/cloud/storage/object-call.ts';
import type { BucketFacts, StoredObject } from '../../shared/cloud/storage/objects.ts';
import { addMs, MINUTE_MS, SECOND_MS } from '../../shared/dates.ts';
import { LeaseLost } from '../../shared/errors.ts';
import type { Life } from '../../shared/model/artifact/artifact-life.ts';
import type { Journal, JournalEntry } from '../../shared/model/cleanup/cleanup.ts';
import type { RunContext } from '../../shared/run/task.ts';
import { addResults } from '../account.ts';
import { listTarget, type Target } from '../look/target.ts';
import type { CleanupTools, Session } from '../session.ts';
import { joinedCommits } from './joined-commits.ts';

const PAGE_LIMIT_MS = MINUTE_MS;
const DELETION_LIMIT_MS = 2 * MINUTE_MS;
/** The size of a journal entry: a document may have 1 MiB, and a name up to 1,024 bytes. */
const ENTRY_BYTES = 500_000;
const BYTES_BESIDE_NAME = 160;
const DETAIL_LENGTH = 300;

/** A job whose artifacts are marked to be deleted. */
export interface DeletionTarget {
  job: string;
  planId: string;
  life: Life;
  target: Target;
  bucket: BucketFacts;
  /** Objects created later are not the job's, and stay. */
  last: Date;
  /** Journal entries of earlier runs whose results are unknown. */
  open: readonly Journal[];
}

/** How many objects there were, listed now or journaled by an earlier run; and how many a new listing still finds. */
export interface Deleted {
  seen: number;
  left: number;
}

/** Deletes the objects of jobs. Each is written into the journal before it is deleted. */
export interface ObjectDeleter {
  /**
   * Deletes the objects of a target: first those in open journal entries, then page by page. Returns nothing where time is
   * up before the end. Rejects where nothing more may be deleted at all.
   */
  deleteJob(target: DeletionTarget): Promise<Deleted | undefined>;

  /** Closes open journal entries without deleting anything. An undo still restores what may be gone of them. */
  abandon(open: readonly Journal[]): Promise<void>;
}

/** Makes the deleter of one run, which counts what it does in the account of the session. */
export function objectDeleter(
  { objects, journal }: Pick<CleanupTools, 'objects' | 'journal'>,
  { run, account, deletion, isTimeUp }: Session,
): ObjectDeleter {
  const commit = joinedCommits(run);

  /**
   * Deletes the objects of a journal entry that have no result yet, and stores their results. `again` is set where an earlier
   * run may have deleted them: an object that is gone was deleted by that run, because its generation existed when the entry
   * was written. Returns whether the entry is done.
   */
  async function deleteJournaled(entry: Journal, bucket: BucketFacts, again: boolean): Promise<boolean> {
    await stillMine(run);
    const open = entry.entries.filter(({ result }) => result === null);
    const limits = { limitMs: DELETION_LIMIT_MS, signal: run.signal };
    const results = await deletion.delete(entry.bucket, open, limits);
    const settled = open.map((object, index) => ({ ...object, ...resultOf(results[index], again) }));
    const byName = new Map(settled.map((object) => [`${object.name}#${object.generation}`, object]));
    const entries = entry.entries.map(
      (object) => byName.get(`${object.name}#${object.generation}`) ?? object,
    );
    const doneAt = entries.every(({ result }) => result !== null) ? run.now() : null;
    await commit((batch) => journal.end(batch, { ...entry, entries, doneAt }));
    const { softDeleteSeconds } = bucket;
    const pendingUntil = addMs(run.now(), softDeleteSeconds * SECOND_MS);
    addResults(account, settled, softDeleteSeconds > 0 ? pendingUntil : null);
    return doneAt !== null;
  }

  async function deleteObjects(objects: readonly StoredObject[], target: DeletionTarget): Promise<void> {
    const entry = newEntry(objects, target, run);
    await commit((batch) => journal.begin(batch, entry));
    await deleteJournaled(entry, target.bucket, false);
  }

  return {
    async abandon(open) {
      for (const entry of open) {
        const entries = entry.entries.map((object) => (object.result === null ? abandoned(object) : object));
        await commit((batch) => journal.end(batch, { ...entry, entries, doneAt: run.now() }));
      }
    },

    async deleteJob(target) {
      const enough = new AbortController();
      const signal = AbortSignal.any([run.signal, enough.signal]);
      const limits = { limitMs: PAGE_LIMIT_MS, signal };
      const selection = { versions: target.bucket.versioning };
      const timeIsUp = () => {
        if (isTimeUp()) enough.abort(new DOMException('Time is up', 'AbortError'));
        return enough.signal.aborted;
      };
      let seen = 0;
      let left = 0;
      const remove = async (page: StoredObject[]) => {
        const own = page.filter(({ createdAt }) => createdAt <= target.last);
        seen += page.length;
        account.changedSincePlan += page.length - own.length;
        for (const some of entriesOf(own)) if (!timeIsUp()) await deleteObjects(some, target);
      };
      const count = async (page: StoredObject[]) => {
        left += page.length;
        timeIsUp();
      };
      try {
        for (const entry of target.open) {
          // Else its objects would be listed and journaled a second time.
          if (timeIsUp() || !(await deleteJournaled(entry, target.bucket, true))) return undefined;
          seen += entry.entries.length;
        }
        await listTarget(objects, target.target, remove, limits, selection);
        if (timeIsUp()) return undefined;
        await listTarget(objects, target.target, count, limits, selection);
        await stillMine(run);
        return { seen, left };
      } catch (error) {
        if (enough.signal.aborted && error === enough.signal.reason) return undefined;
        throw error;
      }
    },
  };
}

/** Makes the journal entry of objects before they are deleted. */
function newEntry(
  objects: readonly StoredObject[],
  { job, planId, life, target }: DeletionTarget,
  run: RunContext<unknown>,
): Journal {
  return {
    id: randomUUID(),
    runId: run.runId,
    planId,
    job,
    life,
    bucket: target.bucket,
    createdAt: run.now(),
    doneAt: null,
    entries: objects.map(({ name, generation, size, noncurrentAt }) => ({
      name,
      generation,
      size,
      live: noncurrentAt === null,
      result: null,
      detail: null,
      restoredAs: null,
    })),
  };
}

function resultOf(
  settled: ItemResult<DeletionResult> | undefined,
  again: boolean,
): Pick<JournalEntry, 'result' | 'detail'> {
  const { result, detail = null } = settled ?? {};
  if (result === undefined || result === 'untried') return { result: null, detail: null };
  if (result === 'gone' && again)
    return { result: 'deleted', detail: 'deleted by a run that ended in its midst' };
  return { result, detail: detail?.slice(0, DETAIL_LENGTH) ?? null };
}

function abandoned(object: JournalEntry): JournalEntry {
  return { ...object, result: 'failed', detail: 'its job has another life by now' };
}

/** Splits objects into lists that fit into one journal entry each. */
function entriesOf(objects: readonly StoredObject[]): StoredObject[][] {
  const runs: StoredObject[][] = [];
  let bytes = ENTRY_BYTES;
  for (const object of objects) {
    const own = Buffer.byteLength(object.name) + BYTES_BESIDE_NAME;
    bytes += own;
    if (bytes > ENTRY_BYTES) {
      runs.push([]);
      bytes = own;
    }
    runs.at(-1)?.push(object);
  }
  return runs;
}

/** Throws LeaseLost unless the run is provably still the task's. */
export async function stillMine(run: RunContext<unknown>): Promise<void> {
  run.signal.throwIfAborted();
  if (!(await run.stillMine()))
    throw new LeaseLost('Nothing more is deleted: the run may not be this one any more');
}

import { randomUUID } from 'node:crypto';
import type { DeletionResult, ObjectDeletion } from '../../shared/cloud/storage/deletion.ts';
import type { ItemResult } from '../../shared/cloud/storage/object-call.ts';
import type { BucketFacts, CloudObjects, StoredObject } from '../../shared/cloud/storage/objects.ts';
import { addMs, MINUTE_MS, SECOND_MS } from '../../shared/dates.ts';
import { LeaseLost } from '../../shared/errors.ts';
import type { Life } from '../../shared/model/artifact/artifact-life.ts';
import type { Journal, JournalEntry } from '../../shared/model/cleanup/cleanup.ts';
import type { RunContext } from '../../shared/run/task.ts';
import type { JournalStore } from '../../shared/store/own/journal.ts';
import { addResults, type DeletionStats } from '../account.ts';
import { listTarget, type Target } from '../look/target.ts';
import type { JoinedCommits } from './joined-commits.ts';

const PAGE_LIMIT_MS = MINUTE_MS;
const DELETION_LIMIT_MS = 2 * MINUTE_MS;
/** A document takes 1 MiB, and a name has up to 1,024 bytes. */
const ENTRY_BYTES = 500_000;
const BYTES_BESIDE_NAME = 160;
const DETAIL_LENGTH = 300;

/** What deleting works with. */
export interface DeleteTools {
  run: RunContext<unknown>;
  objects: CloudObjects;
  deletion: ObjectDeletion;
  journal: JournalStore;
  commit: JoinedCommits;
  account: DeletionStats;
  /** Whether time is up for beginning anything further. */
  isTimeUp(): boolean;
}

/** A job whose artifacts are marked as going. */
export interface DeletionTarget {
  job: string;
  planId: string;
  life: Life;
  target: Target;
  bucket: BucketFacts;
  /** Objects created after it are not the job's, and stay. */
  last: Date;
  /** What runs before this one wrote down of it, and nobody knows the outcome of. */
  open: readonly Journal[];
}

/** How many objects were there, now or when an earlier run wrote them down, and how many a new listing finds left. */
export interface Deleted {
  seen: number;
  left: number;
}

/**
 * Deletes what a target holds: first what an earlier run left open, then page by page, each written into the journal before
 * any of it is deleted, and what became of it afterwards. Resolves to nothing when time is up before. Rejects when nothing
 * more may be deleted at all.
 */
export async function deleteJob(going: DeletionTarget, tools: DeleteTools): Promise<Deleted | undefined> {
  const { target, bucket, last, open } = going;
  const { objects, run, account, isTimeUp } = tools;
  const enough = new AbortController();
  const signal = AbortSignal.any([run.signal, enough.signal]);
  const limits = { limitMs: PAGE_LIMIT_MS, signal };
  const selection = { versions: bucket.versioning };
  const timeIsUp = () => {
    if (isTimeUp()) enough.abort(new DOMException('Time is up', 'AbortError'));
    return enough.signal.aborted;
  };
  let [seen, left] = [0, 0];
  const remove = async (page: StoredObject[]) => {
    const own = page.filter(({ createdAt }) => createdAt <= last);
    seen += page.length;
    account.changedSincePlan += page.length - own.length;
    for (const some of entriesOf(own)) if (!timeIsUp()) await deleteObjects(some, going, tools);
  };
  const count = async (page: StoredObject[]) => {
    left += page.length;
    timeIsUp();
  };
  try {
    for (const entry of open) {
      // Nothing of it may be written down a second time.
      if (timeIsUp() || !(await deleteJournaled(entry, bucket, tools, { again: true }))) return undefined;
      seen += entry.entries.length;
    }
    await listTarget(objects, target, remove, limits, selection);
    if (timeIsUp()) return undefined;
    await listTarget(objects, target, count, limits, selection);
    await stillMine(run);
    return { seen, left };
  } catch (error) {
    if (enough.signal.aborted && error === enough.signal.reason) return undefined;
    throw error;
  }
}

/**
 * Deletes those objects of an entry in the journal of which nothing is known yet, and writes down what became of them.
 * `again` says that an earlier run may have done so: what is gone then was deleted by it, for its generation was there
 * when it was written down. Resolves to whether the entry is done with.
 */
async function deleteJournaled(
  entry: Journal,
  bucket: Pick<BucketFacts, 'softDeleteSeconds'>,
  { run, deletion, journal, commit, account }: DeleteTools,
  { again }: { again: boolean } = { again: false },
): Promise<boolean> {
  await stillMine(run);
  const open = entry.entries.filter(({ result }) => result === null);
  const limits = { limitMs: DELETION_LIMIT_MS, signal: run.signal };
  const results = await deletion.delete(entry.bucket, open, limits);
  const settled = open.map((object, index) => ({ ...object, ...resultOf(results[index], again) }));
  const byName = new Map(settled.map((object) => [`${object.name}#${object.generation}`, object]));
  const entries = entry.entries.map((object) => byName.get(`${object.name}#${object.generation}`) ?? object);
  const doneAt = entries.every(({ result }) => result !== null) ? run.now() : null;
  await commit((batch) => journal.end(batch, { ...entry, entries, doneAt }));
  const { softDeleteSeconds } = bucket;
  const pendingUntil = addMs(run.now(), softDeleteSeconds * SECOND_MS);
  addResults(account, settled, softDeleteSeconds > 0 ? pendingUntil : null);
  return doneAt !== null;
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

async function deleteObjects(
  objects: readonly StoredObject[],
  going: DeletionTarget,
  tools: DeleteTools,
): Promise<void> {
  const entry: Journal = {
    id: randomUUID(),
    runId: tools.run.runId,
    planId: going.planId,
    job: going.job,
    life: going.life,
    bucket: going.target.bucket,
    createdAt: tools.run.now(),
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
  await tools.commit((batch) => tools.journal.begin(batch, entry));
  await deleteJournaled(entry, going.bucket, tools);
}

/** Runs of objects that a journal entry has room for. */
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

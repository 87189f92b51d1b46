import { randomUUID } from 'node:crypto';
import type { DeletionResult, ObjectDeletion } from '../shared/cloud/deletion.ts';
import type { ItemResult } from '../shared/cloud/object-call.ts';
import type { BucketFacts, CloudObjects, StoredObject } from '../shared/cloud/objects.ts';
import { MINUTE_MS, SECOND_MS } from '../shared/dates.ts';
import { LeaseLost } from '../shared/errors.ts';
import type { Prefix } from '../shared/model/artifact.ts';
import type { Journal, JournalEntry } from '../shared/model/cleanup.ts';
import type { RunContext } from '../shared/run/task.ts';
import type { JournalStore } from '../shared/store/journal.ts';
import { type Account, addResults } from './account.ts';
import type { JoinedCommits } from './joined-commits.ts';
import { wasWrittenAfter } from './measure.ts';

const PAGE_LIMIT_MS = MINUTE_MS;
const DELETION_LIMIT_MS = 2 * MINUTE_MS;
/** A document takes 1 MiB, and a name has up to 1,024 bytes. */
const ENTRY_BYTES = 500_000;
const BYTES_BESIDE_NAME = 120;
const DETAIL_LENGTH = 300;

/** What deleting works with. */
export interface DeleteTools {
  run: RunContext<unknown>;
  objects: CloudObjects;
  deletion: ObjectDeletion;
  journal: JournalStore;
  commit: JoinedCommits;
  account: Account;
  /** Whether time is up for beginning anything further. */
  isTimeUp(): boolean;
}

/** A job whose artifacts are marked as going. */
export interface Going {
  job: string;
  planId: string;
  prefix: Prefix;
  bucket: BucketFacts;
  /** Objects created after it are not the job's, and stay. */
  last: Date;
  /** What runs before this one wrote down of it, and nobody knows the outcome of. */
  open: readonly Journal[];
}

/**
 * Deletes what lies below a job's prefix: first what an earlier run left open, then page by page, each written into the
 * journal before any of it is deleted, and what became of it afterwards. Resolves to how many objects a new listing finds
 * left, `undefined` when time is up before. Rejects when nothing more may be deleted at all.
 */
export async function deleteJob(going: Going, tools: DeleteTools): Promise<number | undefined> {
  const { prefix, bucket, last, open } = going;
  const { objects, run, account, isTimeUp } = tools;
  const enough = new AbortController();
  const signal = AbortSignal.any([run.signal, enough.signal]);
  const limits = { limitMs: PAGE_LIMIT_MS, signal };
  const selection = { versions: bucket.versioning };
  const timeIsUp = () => {
    if (isTimeUp()) enough.abort(new DOMException('Time is up', 'AbortError'));
    return enough.signal.aborted;
  };
  try {
    for (const entry of open) {
      // Nothing of it may be written down a second time.
      if (timeIsUp() || !(await deleteJournaled(entry, bucket, tools, { again: true }))) return undefined;
    }
    await objects.list(
      prefix,
      async (page) => {
        const own = page.filter((object) => !wasWrittenAfter(object, last));
        account.changedSincePlan += page.length - own.length;
        for (const some of entriesOf(own)) if (!timeIsUp()) await deleteObjects(some, going, tools);
      },
      limits,
      selection,
    );
    if (timeIsUp()) return undefined;
    let left = 0;
    const count = async (page: StoredObject[]) => {
      left += page.length;
      timeIsUp();
    };
    await objects.list(prefix, count, limits, selection);
    await stillMine(run);
    return left;
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
  const doneAt = entries.every(({ result }) => result !== null) ? new Date() : null;
  await commit((batch) => journal.end(batch, { ...entry, entries, doneAt }));
  const { softDeleteSeconds } = bucket;
  const pendingUntil = new Date(Date.now() + softDeleteSeconds * SECOND_MS);
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
  going: Going,
  tools: DeleteTools,
): Promise<void> {
  const entry: Journal = {
    id: randomUUID(),
    runId: tools.run.runId,
    planId: going.planId,
    job: going.job,
    bucket: going.prefix.bucket,
    createdAt: new Date(),
    doneAt: null,
    entries: objects.map(({ name, generation, size }) => ({
      ...{ name, generation, size },
      result: null,
      detail: null,
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

async function stillMine(run: RunContext<unknown>): Promise<void> {
  run.signal.throwIfAborted();
  if (!(await run.stillMine()))
    throw new LeaseLost('Nothing more is deleted: the run may not be this one any more');
}

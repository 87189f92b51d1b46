import type { CloudObjects } from '../../shared/cloud/storage/objects.ts';
import type { Restorable, RestoreResult } from '../../shared/cloud/storage/restore.ts';
import { chunksOf } from '../../shared/concurrency.ts';
import { MINUTE_MS } from '../../shared/dates.ts';
import type { Journal, JournalEntry } from '../../shared/model/cleanup/cleanup.ts';
import type { RunContext } from '../../shared/run/task.ts';
import type { JournalStore } from '../../shared/store/own/journal.ts';
import type { BucketBook } from '../look/buckets.ts';
import type { JoinedCommits } from './joined-commits.ts';

const RESTORE_LIMIT_MS = 2 * MINUTE_MS;
const OBJECTS_AT_ONCE = 1_000;

/** What restoring works with. */
export interface RestoreTools {
  run: RunContext<unknown>;
  objects: CloudObjects;
  journal: JournalStore;
  commit: JoinedCommits;
  bucketOf: BucketBook;
}

/** What became of objects that were deleted. */
export interface Restored {
  /** All of which it is known that they were deleted. */
  objects: number;
  restored: number;
  /** A newer object stands there, or they were back already. */
  newerKept: number;
  outsideWindow: number;
  failed: number;
  /** Of those that are not back: older or newer versions of a name of which another one is live. */
  versionsLeft: number;
  /** Live now, though only older versions had been there. */
  revived: number;
}

export const NOTHING: Restored = {
  objects: 0,
  restored: 0,
  newerKept: 0,
  outsideWindow: 0,
  failed: 0,
  versionsLeft: 0,
  revived: 0,
};

/** One generation of an object in the journal. */
interface Version {
  journal: Journal;
  entry: JournalEntry;
  outcome: RestoreResult | 'failed' | 'untried' | 'left' | null;
  made: string | null;
}

/** All generations of one name, oldest first; what is to be restored of them, and over which live one. */
interface Chain {
  versions: readonly Version[];
  pending: Version[];
  over: string;
}

/**
 * Restores what the journal tells of one job, and closes what it left open. Each restoration makes a new generation live;
 * in a bucket with versions that makes the one before noncurrent. So all generations of a name come back in their order,
 * each over the one before and over nothing else. Without versions only the newest can.
 */
export async function restoreJob(journals: readonly Journal[], tools: RestoreTools): Promise<Restored> {
  const [first] = journals;
  if (!first) return NOTHING;
  const facts = await tools.bucketOf(first.bucket);
  const lost = journals.flatMap((journal) =>
    journal.entries
      .filter(mayBeGone)
      .map((entry): Version => ({ journal, entry, outcome: null, made: null })),
  );
  const chains = [...Map.groupBy(lost, ({ entry }) => entry.name).values()].map((versions) =>
    chainOf(versions, facts?.versioning === true),
  );
  for (let waiting = chains; waiting.length > 0; ) {
    for (const some of chunksOf(waiting, OBJECTS_AT_ONCE)) await restoreNext(some, first.bucket, tools);
    waiting = waiting.filter(({ pending }) => pending.length > 0);
  }
  await writeDown(journals, lost, tools);
  return countOf(chains);
}

function chainOf(all: readonly Version[], hasVersions: boolean): Chain {
  const versions = all.toSorted((a, b) => (BigInt(a.entry.generation) < BigInt(b.entry.generation) ? -1 : 1));
  const back = versions.findLastIndex(({ entry }) => entry.restoredAs !== null);
  const missing = versions.slice(back + 1);
  const newest = versions.slice(-1);
  for (const version of versions) version.outcome = 'left';
  // Brought back before and perhaps deleted since: that is nothing but another try.
  if (missing.length === 0 || !hasVersions) return { versions, pending: newest, over: '0' };
  return { versions, pending: missing, over: versions[back]?.entry.restoredAs ?? '0' };
}

/** Restores the next version of each chain. One that a newer object stops, or a failure, ends there. */
async function restoreNext(
  chains: readonly Chain[],
  bucket: string,
  { objects, run }: RestoreTools,
): Promise<void> {
  const turns = chains.flatMap((chain) => {
    const version = chain.pending.shift();
    return version ? [{ chain, version }] : [];
  });
  const items = turns.map(({ chain, version }): Restorable => {
    const { name, generation } = version.entry;
    return { name, generation, over: chain.over };
  });
  const results = await objects.restore(bucket, items, { limitMs: RESTORE_LIMIT_MS, signal: run.signal });
  run.signal.throwIfAborted();
  for (const [index, { chain, version }] of turns.entries()) {
    const { result = 'untried', made = null } = results[index] ?? {};
    version.outcome = result;
    version.made = made;
    if (result === 'restored') chain.over = made ?? chain.over;
    else if (result !== 'gone') chain.pending = [];
  }
}

/** Writes down what is back, and of what was open that it is done with. */
async function writeDown(
  journals: readonly Journal[],
  lost: readonly Version[],
  { journal, commit, run }: RestoreTools,
): Promise<void> {
  const byEntry = new Map(lost.map((version) => [version.entry, version]));
  for (const each of journals) {
    const entries = each.entries.map((entry) => {
      const { outcome = null, made = null } = byEntry.get(entry) ?? {};
      const settled = entry.result === null ? closed(entry, outcome === 'restored') : entry;
      return outcome === 'restored' ? { ...settled, restoredAs: made } : settled;
    });
    const isChanged = entries.some((entry, index) => entry !== each.entries[index]);
    if (isChanged)
      await commit((batch) => journal.end(batch, { ...each, entries, doneAt: each.doneAt ?? run.now() }));
  }
}

function countOf(chains: readonly Chain[]): Restored {
  const count = { ...NOTHING };
  for (const { versions } of chains) {
    const isBack = versions.some(({ outcome }) => outcome === 'restored');
    if (isBack && versions.at(-1)?.outcome === 'restored' && !versions.at(-1)?.entry.live) count.revived += 1;
    for (const { entry, outcome } of versions) {
      // Of what nobody knows whether it was deleted, what still stands was not.
      if (entry.result !== 'deleted' && outcome !== 'restored') continue;
      count.objects += 1;
      if (outcome === 'restored') count.restored += 1;
      else if (outcome === 'gone') count.outsideWindow += 1;
      else if (outcome === 'failed' || outcome === 'untried') count.failed += 1;
      else count.newerKept += 1;
      if (outcome === 'left' && entry.restoredAs === null) count.versionsLeft += 1;
    }
  }
  return count;
}

/** What was begun and is undone, so that no later run goes on with it. */
function closed(object: JournalEntry, wasDeleted: boolean): JournalEntry {
  if (wasDeleted) return { ...object, result: 'deleted', detail: 'and brought back' };
  return { ...object, result: 'failed', detail: 'undone before anybody knew of its deletion' };
}

function mayBeGone({ result }: JournalEntry): boolean {
  return result === 'deleted' || result === 'failed' || result === null;
}

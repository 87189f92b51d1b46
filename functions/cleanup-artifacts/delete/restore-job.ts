import type { ItemResult } from '../../shared/cloud/storage/object-call.ts';
import type { Restorable, RestoreResult } from '../../shared/cloud/storage/restore.ts';
import { chunksOf } from '../../shared/concurrency.ts';
import { MINUTE_MS } from '../../shared/dates.ts';
import type { Journal, JournalEntry } from '../../shared/model/cleanup/cleanup.ts';
import type { CleanupTools, Session } from '../session.ts';
import { joinedCommits } from './joined-commits.ts';

const RESTORE_LIMIT_MS = 2 * MINUTE_MS;
const OBJECTS_AT_ONCE = 1_000;

/** Restores what the journal entries of one job say was deleted, and closes the entries that were left open. */
export type JobRestorer = (journals: readonly Journal[]) => Promise<Restored>;

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
 * A restorer for one run. Each restoration makes a new generation live; in a bucket with versions that makes the one before
 * noncurrent. So all generations of a name come back in their order, each over the one before and over nothing else.
 * Without versions only the newest can.
 */
export function jobRestorer(
  { objects, journal }: Pick<CleanupTools, 'objects' | 'journal'>,
  { run, bucketOf }: Pick<Session, 'run' | 'bucketOf'>,
): JobRestorer {
  const commit = joinedCommits(run);
  const limits = { limitMs: RESTORE_LIMIT_MS, signal: run.signal };
  return async (journals) => {
    const [first] = journals;
    if (!first) return NOTHING;
    const facts = await bucketOf(first.bucket);
    const lost = journals.flatMap((entry) => versionsIn(entry));
    const chains = [...Map.groupBy(lost, ({ entry }) => entry.name).values()].map((versions) =>
      chainOf(versions, facts?.versioning === true),
    );
    for (let waiting = chains; waiting.length > 0; ) {
      for (const some of chunksOf(waiting, OBJECTS_AT_ONCE)) {
        const turns = nextTurns(some);
        const results = await objects.restore(first.bucket, turns.map(restorableOf), limits);
        run.signal.throwIfAborted();
        for (const [index, turn] of turns.entries()) settle(turn, results[index]);
      }
      waiting = waiting.filter(({ pending }) => pending.length > 0);
    }
    for (const changed of changedEntries(journals, lost, run.now))
      await commit((batch) => journal.end(batch, changed));
    return countOf(chains);
  };
}

/** The generations in a journal entry that may be gone. */
function versionsIn(journal: Journal): Version[] {
  return journal.entries
    .filter(mayBeGone)
    .map((entry): Version => ({ journal, entry, outcome: null, made: null }));
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

/** The next version of a chain, whose turn it is. */
interface Turn {
  chain: Chain;
  version: Version;
}

/** Takes the next version of each chain out of what is pending. */
function nextTurns(chains: readonly Chain[]): Turn[] {
  return chains.flatMap((chain) => {
    const version = chain.pending.shift();
    return version ? [{ chain, version }] : [];
  });
}

function restorableOf({ chain, version }: Turn): Restorable {
  const { name, generation } = version.entry;
  return { name, generation, over: chain.over };
}

/** Notes what became of a version. One that a newer object stops, or a failure, ends its chain. */
function settle({ chain, version }: Turn, item: ItemResult<RestoreResult> | undefined): void {
  const { result = 'untried', made = null } = item ?? {};
  version.outcome = result;
  version.made = made;
  if (result === 'restored') chain.over = made ?? chain.over;
  else if (result !== 'gone') chain.pending = [];
}

/** The journal entries that change: with what is back, and of what was open that it is done with. */
function changedEntries(journals: readonly Journal[], lost: readonly Version[], now: () => Date): Journal[] {
  const byEntry = new Map(lost.map((version) => [version.entry, version]));
  return journals.flatMap((journal) => {
    const entries = journal.entries.map((entry) => {
      const { outcome = null, made = null } = byEntry.get(entry) ?? {};
      const settled = entry.result === null ? closed(entry, outcome === 'restored') : entry;
      return outcome === 'restored' ? { ...settled, restoredAs: made } : settled;
    });
    const isChanged = entries.some((entry, index) => entry !== journal.entries[index]);
    return isChanged ? [{ ...journal, entries, doneAt: journal.doneAt ?? now() }] : [];
  });
}

function countOf(chains: readonly Chain[]): Restored {
  const count = { ...NOTHING };
  for (const { versions } of chains) {
    const isBack = versions.some(({ outcome }) => outcome === 'restored');
    if (isBack && versions.at(-1)?.outcome === 'restored' && !versions.at(-1)?.entry.live) count.revived += 1;
    for (const { entry, outcome } of versions) {
      // Where it is not known whether an object was deleted, one that still stands was not.
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

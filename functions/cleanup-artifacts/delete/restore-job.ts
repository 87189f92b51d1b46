import type { ItemResult } from '../../shared/cloud/storage/object-call.ts';
import type { Restorable, RestoreResult } from '../../shared/cloud/storage/restore.ts';
import { chunksOf } from '../../shared/concurrency.ts';
import { MINUTE_MS } from '../../shared/dates.ts';
import type { Journal, JournalEntry } from '../../shared/model/cleanup/cleanup.ts';
import type { CleanupTools, Session } from '../session.ts';
import { joinedCommits } from './joined-commits.ts';

const RESTORE_LIMIT_MS = 2 * MINUTE_MS;
const OBJECTS_AT_ONCE = 1_000;

/** Restores the objects that the journal of one job lists as deleted, and closes its open entries. */
export type JobRestorer = (journals: readonly Journal[]) => Promise<Restored>;

/** The results of restoring objects. */
export interface Restored {
  /** All objects that are known to have been deleted. */
  objects: number;
  restored: number;
  /** Not restored, because a newer object has their name or they were back already. */
  newerKept: number;
  outsideWindow: number;
  failed: number;
  /** Not restored, because another version of their name was. */
  versionsLeft: number;
  /** Names that are live now although they had only noncurrent versions before. */
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

/** All generations of one name, oldest first. */
interface Chain {
  versions: readonly Version[];
  /** Those that are still to be restored. */
  pending: Version[];
  /** The live generation that the next one may replace. */
  over: string;
}

/**
 * Makes the restorer of one run. Each restoration makes a new generation live; in a bucket with versions, the one before
 * becomes noncurrent. So all generations of a name are restored in their order, each in place of the one before it and of
 * nothing else. Without versions, only the newest can be restored.
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

/** Returns the generations in a journal entry that may be gone. */
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
  // Where all were restored before, the newest may have been deleted since, and is tried again.
  if (missing.length === 0 || !hasVersions) return { versions, pending: newest, over: '0' };
  return { versions, pending: missing, over: versions[back]?.entry.restoredAs ?? '0' };
}

/** The version of a chain that is restored next. */
interface Turn {
  chain: Chain;
  version: Version;
}

/** Removes the next version of each chain from those that are pending. */
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

/** Notes the result of a version. A newer object in its place, or a failure, ends its chain. */
function settle({ chain, version }: Turn, item: ItemResult<RestoreResult> | undefined): void {
  const { result = 'untried', made = null } = item ?? {};
  version.outcome = result;
  version.made = made;
  if (result === 'restored') chain.over = made ?? chain.over;
  else if (result !== 'gone') chain.pending = [];
}

/** Returns the journal entries that change: those with restored objects, and those that were open, which are closed. */
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
      // Where the journal is not sure that an object was deleted, only one that could be restored was.
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

/** Closes an object of an open entry, so that no later run goes on with its deletion. */
function closed(object: JournalEntry, wasDeleted: boolean): JournalEntry {
  if (wasDeleted) return { ...object, result: 'deleted', detail: 'and brought back' };
  return { ...object, result: 'failed', detail: 'undone before anybody knew of its deletion' };
}

function mayBeGone({ result }: JournalEntry): boolean {
  return result === 'deleted' || result === 'failed' || result === null;
}

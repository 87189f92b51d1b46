import type { ItemResult } from '../../shared/cloud/storage/object-call.ts';
import type { Restorable, RestoreResult } from '../../shared/cloud/storage/restore.ts';
import type { Journal, JournalEntry } from '../../shared/model/cleanup/cleanup.ts';
import { begunIn } from './restore-begun.ts';

/** One generation of an object in the journal. */
export interface Version {
  journal: Journal;
  entry: JournalEntry;
  /** When earlier undos began to bring it back. */
  begun: readonly Date[];
  outcome: 'restored' | 'already-there' | 'gone' | 'failed' | 'untried' | 'left' | null;
  made: string | null;
}

/** All generations of one name, oldest first. */
export interface Chain {
  name: string;
  versions: readonly Version[];
  /** Those that are still to be restored. */
  pending: Version[];
  /** The live generation that the next one may replace. */
  over: string;
  /** The version that did not come back, for something else than `over` is live, or it was back before. */
  blocked: Blocked | null;
  /** How often it was looked what that is. */
  looks: number;
  /** Why an older version is live and stays, although it is none that somebody wrote for sure. */
  doubt: string | null;
}

export interface Blocked {
  version: Version;
  /** Whether what is live may be the version itself, by a try whose answer was lost. */
  isUnsure: boolean;
  /** Whether it is too late to bring it back, so that only what an earlier undo made of it can be there. */
  isGone: boolean;
}

/** The version of a chain that is restored next. */
export interface Turn {
  chain: Chain;
  version: Version;
}

/** Returns the chains of all generations in journal entries that may be gone. */
export function chainsOf(journals: readonly Journal[], hasVersions: boolean): Chain[] {
  const lost = journals.flatMap(versionsIn);
  const byName = Map.groupBy(lost, ({ entry }) => entry.name);
  return [...byName].map(([name, versions]) => chainOf(name, versions, hasVersions));
}

function versionsIn(journal: Journal): Version[] {
  return journal.entries
    .filter(mayBeGone)
    .map((entry): Version => ({ journal, entry, begun: begunIn(entry), outcome: null, made: null }));
}

function chainOf(name: string, all: readonly Version[], hasVersions: boolean): Chain {
  const versions = all.toSorted((a, b) => (generationOf(a) < generationOf(b) ? -1 : 1));
  const back = versions.findLastIndex(({ entry }) => entry.restoredAs !== null);
  const missing = versions.slice(back + 1);
  const newest = versions.slice(-1);
  for (const version of versions) version.outcome = 'left';
  const chain = { name, versions, blocked: null, looks: 0, doubt: null };
  // Where all were restored before, the newest may have been deleted since, and is tried again.
  if (missing.length === 0 || !hasVersions) return { ...chain, pending: newest, over: '0' };
  return { ...chain, pending: missing, over: versions[back]?.entry.restoredAs ?? '0' };
}

export function generationOf({ entry }: Version): bigint {
  return BigInt(entry.generation);
}

/** Removes the next version of each chain from those that are pending. */
export function nextTurns(chains: readonly Chain[]): Turn[] {
  return chains.flatMap((chain) => {
    const version = chain.pending.shift();
    return version ? [{ chain, version }] : [];
  });
}

export function restorableOf({ chain, version }: Turn): Restorable {
  const { name, generation } = version.entry;
  return { name, generation, over: chain.over };
}

/** Notes the result of a version. A failure ends its chain; where something else is live, it has to be looked at. */
export function settle({ chain, version }: Turn, item: ItemResult<RestoreResult> | undefined): void {
  const { result = 'untried', made = null } = item ?? {};
  const isGone = result === 'gone' && version.entry.restoredAs !== null;
  if (result === 'already-there' || result === 'perhaps' || isGone) {
    chain.blocked = { version, isUnsure: result === 'perhaps', isGone };
    return;
  }
  version.outcome = result;
  version.made = made;
  if (result === 'restored') chain.over = made ?? chain.over;
  else if (result !== 'gone') chain.pending = [];
}

/** Ends a chain whose next version could not be restored, as far as anybody knows. */
export function giveUp(chain: Chain): void {
  if (chain.blocked) chain.blocked.version.outcome = 'failed';
  chain.blocked = null;
  chain.pending = [];
}

function mayBeGone({ result }: JournalEntry): boolean {
  return result === 'deleted' || result === 'failed' || result === null;
}

import type { Journal, JournalEntry } from '../../shared/model/cleanup/cleanup.ts';
import { begunIn, withBegun } from './restore-begun.ts';
import type { Chain, Version } from './restore-chain.ts';

/** What an undo writes into the journal: before it restores anything, and once it knows what came of that. */
export interface RestoreJournal {
  /** The entries to write before. */
  begun: Journal[];
  /** Returns the entries to write after: those with restored objects, and those that were open, which are closed. */
  ended(now: Date): Journal[];
}

/** Makes what is written of chains whose pending versions are about to be restored. */
export function restoreJournal(
  journals: readonly Journal[],
  chains: readonly Chain[],
  now: Date,
): RestoreJournal {
  const tried = new Set(chains.flatMap(({ pending }) => pending));
  const versions = new Map(chains.flatMap((chain) => chain.versions.map((each) => [each.entry, each])));

  const noted = (entry: JournalEntry): JournalEntry => {
    const version = versions.get(entry);
    if (!version || !tried.has(version)) return entry;
    return { ...entry, detail: withBegun(entry.detail, [...version.begun, now]) };
  };
  const begun = journals.map((journal) => changed(journal, noted));

  return {
    begun: begun.filter((journal, index) => journal !== journals[index]),
    ended(at) {
      return journals.flatMap((journal, index) => {
        const before = begun[index] ?? journal;
        const after = changed(before, (noted, place) => {
          const entry = journal.entries[place] ?? noted;
          const version = versions.get(entry);
          return endedEntry(isSettled(version) ? entry : noted, version);
        });
        return after === before ? [] : [{ ...after, doneAt: journal.doneAt ?? at }];
      });
    },
  };
}

function changed(journal: Journal, change: (entry: JournalEntry, place: number) => JournalEntry): Journal {
  const entries = journal.entries.map(change);
  const isChanged = entries.some((entry, index) => entry !== journal.entries[index]);
  return isChanged ? { ...journal, entries } : journal;
}

/** Whether it is known for sure that this undo restored nothing: then what somebody writes soon is not taken for its work. */
function isSettled(version: Version | undefined): boolean {
  const { outcome = null } = version ?? {};
  return outcome === null || ['already-there', 'left', 'untried'].includes(outcome);
}

function endedEntry(entry: JournalEntry, version: Version | undefined): JournalEntry {
  const isBack = version?.outcome === 'restored';
  const settled = entry.result === null ? closed(entry, isBack) : entry;
  return isBack ? { ...settled, restoredAs: version.made } : settled;
}

/** Closes an object of an open entry, so that no later run goes on with its deletion. */
function closed(object: JournalEntry, wasDeleted: boolean): JournalEntry {
  const detail = wasDeleted ? 'and brought back' : 'undone before anybody knew of its deletion';
  const result = wasDeleted ? 'deleted' : 'failed';
  return { ...object, result, detail: withBegun(detail, begunIn(object)) };
}

import type { Job } from '../../shared/model/job/job.ts';
import { lateMs, type WrittenLate, writtenLate } from '../../shared/model/job/written-late.ts';
import type { Watermark } from '../../shared/store/own/days.ts';

/** Notes about a source's records, made while they are read. */
export interface SourceNotes {
  /** Records that were written later than their own `updatedAt`: a change of them may be noticed too late. */
  writtenLate: WrittenLate | null;
  /** How many unreadable or overlooked records were not read either, because there are too many. */
  notLookedAt: number;
}

export function newNotes() {
  const late = new Map<string, { ms: number; writtenAt: Date | null }>();
  let notLookedAt = 0;
  return {
    note(job: Job): void {
      const ms = lateMs(job);
      if (ms > 0) late.set(job.id, { ms, writtenAt: job.writtenAt });
    },
    leave(records: number): void {
      notLookedAt += records;
    },
    /**
     * Returns the notes. `known` is how far changes of the source were known before the run. A record that was written
     * before the source was first read counts as in time: no change of it can have been missed.
     */
    taken(known: Watermark | undefined): SourceNotes {
      const since = known?.changesKnownSince ?? null;
      const missable = [...late].filter(
        ([, { writtenAt }]) => known && (!since || !writtenAt || writtenAt > since),
      );
      return { writtenLate: writtenLate(new Map(missable.map(([id, { ms }]) => [id, ms]))), notLookedAt };
    },
  };
}

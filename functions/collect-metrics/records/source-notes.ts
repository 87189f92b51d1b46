import type { Job } from '../../shared/model/job/job.ts';
import { lateMs, type WrittenLate, writtenLate } from '../../shared/model/job/written-late.ts';
import type { Watermark } from '../../shared/store/own/days.ts';

/** What a run notes of a source's records while it reads them. */
export interface SourceNotes {
  /** Records that were written later than their own `updatedAt` says: a change of them may be seen too late. */
  writtenLate: WrittenLate | null;
  /** Records that cannot be read and are not looked at either, for there are so many. */
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
     * What was noted, by how far changes of the source were `known` before the run. What was there when its records were
     * first looked at, was loaded then or before: no change of it can have been missed.
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

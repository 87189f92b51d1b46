import type { Job } from '../shared/model/job.ts';
import { lateMs, type WrittenLate, writtenLate } from '../shared/model/written-late.ts';

/** What a run notes of a source's records while it reads them. */
export interface SourceNotes {
  /** Records that were written later than their own `updatedAt` says: a change of them may be seen too late. */
  writtenLate: WrittenLate | null;
  /** Records that cannot be read and are not looked at either, for there are so many. */
  notLookedAt: number;
}

export function newNotes() {
  const late = new Map<string, number>();
  let notLookedAt = 0;
  return {
    note(job: Job): void {
      const ms = lateMs(job);
      if (ms > 0) late.set(job.id, ms);
    },
    leave(records: number): void {
      notLookedAt += records;
    },
    taken: (): SourceNotes => ({ writtenLate: writtenLate(late), notLookedAt }),
  };
}

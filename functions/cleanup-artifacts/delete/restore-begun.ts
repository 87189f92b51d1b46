import { HOUR_MS } from '../../shared/dates.ts';
import type { JournalEntry } from '../../shared/model/cleanup/cleanup.ts';

/**
 * When undos began to bring an object back is written into the journal before they do. What they restored is known after
 * that, and not at all where a run is killed between: then these times tell that a live copy may be its work. They are part
 * of the detail, and no field of their own, so that an older release can read the journal after a roll-back.
 */

const WORDS = 'an undo began at';
const BEGUN = new RegExp(`(?:^|; )${WORDS} ([-0-9T:.Z, ]+)$`);

/** A journal entry has room for so many. */
const MOST_TIMES = 3;
/** No run of a function lasts longer. */
const LONGEST_UNDO_MS = HOUR_MS;
/** How far the clocks of Cloud Storage and of a function are apart at most. */
const CLOCKS_APART_MS = 1_000;

/** Returns when undos began to bring an object back, the earliest first. */
export function begunIn({ detail }: Pick<JournalEntry, 'detail'>): Date[] {
  const times = BEGUN.exec(detail ?? '')?.[1]?.split(', ') ?? [];
  return times.map((time) => new Date(time)).filter((time) => !Number.isNaN(time.getTime()));
}

/** Returns the detail of an object that undos began to bring back at these times. */
export function withBegun(detail: string | null, times: readonly Date[]): string | null {
  const own = (detail ?? '').replace(BEGUN, '');
  const told = times.slice(-MOST_TIMES).map((time) => time.toISOString());
  const all = [...(own === '' ? [] : [own]), ...(told.length > 0 ? [`${WORDS} ${told.join(', ')}`] : [])];
  return all.length > 0 ? all.join('; ') : null;
}

/** Whether an undo that began at one of these times may have made what was made at `at`. */
export function mayBeOf(times: readonly Date[], at: Date): boolean {
  return times.some((time) => {
    const sinceMs = at.getTime() - time.getTime();
    return sinceMs >= -CLOCKS_APART_MS && sinceMs <= LONGEST_UNDO_MS;
  });
}

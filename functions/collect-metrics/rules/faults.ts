import type { RecordFaults } from '../../shared/model/day/day.ts';

/** The most ids that a day stores per fault, and reasons. */
const MOST_IDS = 100;
const MOST_REASONS = 20;
/** A longer text is no id, and a day's record holds many of them. */
const LONGEST_ID = 200;

type FaultName = 'skewed' | 'malformed' | 'unmapped';

/** Collects what is wrong with the records of a day. */
export function newFaults() {
  const ids: Record<FaultName, Set<string>> = {
    skewed: new Set(),
    malformed: new Set(),
    unmapped: new Set(),
  };
  const reasons: RecordFaults['reasons'] = [];
  return {
    /** Names a record; `because` says what is wrong with it. */
    add(fault: FaultName, id: string, because: string): void {
      ids[fault].add(id);
      if (reasons.length < MOST_REASONS) reasons.push({ id: shortId(id), because });
    },

    /** The faults as a day stores them. */
    report(): RecordFaults {
      const some = (fault: FaultName) => [...ids[fault]].slice(0, MOST_IDS).map(shortId);
      return {
        skewed: some('skewed'),
        malformed: some('malformed'),
        unmapped: some('unmapped'),
        totals: {
          skewed: ids.skewed.size,
          malformed: ids.malformed.size,
          unmapped: ids.unmapped.size,
        },
        reasons,
      };
    },
  };
}

/** An id as a day stores it. */
export function shortId(id: string): string {
  return id.length > LONGEST_ID ? `${id.slice(0, LONGEST_ID)}…` : id;
}

import type { RecordFaults } from '../../shared/model/day/day.ts';

/** The most ids per fault, and the most reasons, that a day stores. */
const MOST_IDS = 100;
const MOST_REASONS = 20;
/** Longer ids are cut off: a day stores many of them. */
const LONGEST_ID = 200;

type FaultName = 'skewed' | 'malformed' | 'unmapped';

/** Collects the faults of the records of a day. */
export function newFaults() {
  const ids: Record<FaultName, Set<string>> = {
    skewed: new Set(),
    malformed: new Set(),
    unmapped: new Set(),
  };
  const reasons: RecordFaults['reasons'] = [];
  return {
    /** Adds a record, with its fault in words. */
    add(fault: FaultName, id: string, because: string): void {
      ids[fault].add(id);
      if (reasons.length < MOST_REASONS) reasons.push({ id: shortId(id), because });
    },

    /** Returns the faults in the form that a day stores. */
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

/** Cuts off an id to the length that a day stores. */
export function shortId(id: string): string {
  return id.length > LONGEST_ID ? `${id.slice(0, LONGEST_ID)}…` : id;
}

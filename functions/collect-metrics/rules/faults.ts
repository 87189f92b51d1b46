import type { RecordFaults } from '../../shared/model/day/day.ts';

/** Ids of faulty records that are told, by fault, and reasons. */
const FAULTS_TOLD = 100;
const REASONS_TOLD = 20;
/** A longer id is none, and a day's record holds many of them. */
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
    /** Names a record; `because` tells in words what is wrong with it. */
    add(fault: FaultName, id: string, because: string): void {
      ids[fault].add(id);
      if (reasons.length < REASONS_TOLD) reasons.push({ id: toldId(id), because });
    },

    told(): RecordFaults {
      const some = (fault: FaultName) => [...ids[fault]].slice(0, FAULTS_TOLD).map(toldId);
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

/** An id as a day tells it. */
export function toldId(id: string): string {
  return id.length > LONGEST_ID ? `${id.slice(0, LONGEST_ID)}…` : id;
}

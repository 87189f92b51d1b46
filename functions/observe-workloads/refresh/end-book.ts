import type { Listed } from '../../shared/cloud/workloads/table-reader.ts';
import {
  type End,
  endAfterLog,
  endKey,
  isLogDue,
  type LogAnswer,
  lookedAtAgain,
  withEnd,
} from '../../shared/model/workload/end.ts';
import { hasEnded } from '../../shared/model/workload/life.ts';
import type { Row } from '../../shared/model/workload/row.ts';
import type { OwnPatterns } from '../../shared/model/workload/rules/own.ts';
import { type Snapshot, withRows } from '../../shared/model/workload/snapshot.ts';
import type { TableName } from '../../shared/model/workload/tables.ts';
import { firstEnd, judged, judgedAgain } from '../rules/why.ts';
import { isFromVertex, withVertex } from '../rules/with-vertex.ts';

/** What is remembered of the ends of the rows of a refresh, and what of it is new. */
export interface EndBook {
  /** Notes that a workload has ended, as its platform says now. */
  note(table: TableName, row: Row, said: Listed['said'] | undefined): void;
  /** Notes what the reading of a log came to. */
  noteLog(table: TableName, row: Row, answer: LogAnswer): void;
  /** Whether the log of a row is to be read now. */
  isDue(table: TableName, row: Row): boolean;
  /** The tables, whose rows say what is remembered of their ends; what one table knows of another's is remembered, too. */
  told(snapshots: readonly Snapshot[]): Snapshot[];
  /** The ends to write, by key: each is given out once. */
  takeChanged(): ReadonlyMap<string, End>;
}

/** The keys of all ends of a table. */
export function endKeys({ table, rows }: Pick<Snapshot, 'table' | 'rows'>): string[] {
  return rows.filter(hasEnded).map((row) => endKey(table, row));
}

/** The book of one refresh at `now`; `own` are the words of runners. */
export function endBook(known: ReadonlyMap<string, End>, now: () => Date, own: OwnPatterns): EndBook {
  const ends = new Map(known);
  let changed = new Map<string, End>();

  const put = (key: string, end: End) => {
    if (ends.get(key) === end) return;
    ends.set(key, end);
    changed.set(key, end);
  };

  const tableTold = (snapshot: Snapshot): Snapshot => {
    const rows = snapshot.rows.map((row) => {
      const end = hasEnded(row) ? ends.get(endKey(snapshot.table, row)) : undefined;
      return end ? withEnd(row, end) : row;
    });
    return withRows(snapshot, rows);
  };

  return {
    note(table, row, said) {
      if (!hasEnded(row)) return;
      const key = endKey(table, row);
      const end = ends.get(key);
      if (end) put(key, judgedAgain(end, said, own));
      // What its platform says of it is not known while its region does not answer.
      else if (said) put(key, firstEnd(table, row, said, now()));
    },
    noteLog(table, row, answer) {
      const key = endKey(table, row);
      const end = ends.get(key);
      if (!end) return;
      const after = endAfterLog(end, answer, now());
      const told = judged(after, answer.kind === 'lines' ? answer.lines : after.tail, own);
      put(key, lookedAtAgain(told, { wasRead: end.log === 'read', now: now() }));
    },
    isDue(table, row) {
      const end = hasEnded(row) ? ends.get(endKey(table, row)) : undefined;
      return end !== undefined && isLogDue(end, now());
    },
    told(snapshots) {
      const told = withVertex(snapshots.map(tableTold), now());
      for (const { table, rows } of told)
        for (const row of rows.filter(isFromVertex)) {
          const key = endKey(table, row);
          const end = ends.get(key);
          if (end && end.reason?.line !== row.reason?.line) put(key, { ...end, reason: row.reason });
        }
      return told;
    },
    takeChanged() {
      const taken = changed;
      changed = new Map();
      return taken;
    },
  };
}

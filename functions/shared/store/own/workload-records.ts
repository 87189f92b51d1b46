import { SECOND_MS } from '../../dates.ts';
import { messageOf } from '../../errors.ts';
import type { Log } from '../../log.ts';
import { type Refresh, refreshSchema } from '../../model/workload/refresh.ts';
import { asSeenAt, type Snapshot, snapshotSchema } from '../../model/workload/snapshot.ts';
import type { TableName } from '../../model/workload/tables.ts';
import { decode, withTimeout } from '../firestore/firestore.ts';
import type { ReadOptions } from '../firestore/read-options.ts';
import type { Collections } from './collections.ts';

/** A viewer waits for no reading longer than this. */
const LIMIT_MS = 4 * SECOND_MS;

/** The workload tables as they were read. */
export interface WorkloadsRead {
  /** `null` before the first refresh. */
  refresh: Refresh | null;
  /** Each as old as its regions. */
  tables: ReadonlyMap<TableName, Snapshot>;
  unreadable: { path: string; message: string }[];
}

/** The workload tables as viewers ask for them. Nothing is ever written. */
export interface WorkloadRecords {
  /** Reads what was written since `before`: one document while nothing changes. A table that cannot be read stays as it was. */
  read(before: WorkloadsRead | undefined, options: ReadOptions): Promise<WorkloadsRead>;
}

export function workloadRecords({ workloads }: Collections, log: Log): WorkloadRecords {
  return {
    async read(before, { tally, signal }) {
      const ask = <T>(call: Promise<T>): Promise<T> =>
        withTimeout(log, 'workload tables', LIMIT_MS, call, signal);
      const found = await ask(workloads.doc('refresh').get());
      tally.documents += 1;
      const refresh = found.exists ? decode(refreshSchema, found) : null;
      const seen = refresh?.tables ?? {};
      const names = Object.keys(seen) as TableName[];
      const moved = names.filter((name) => before?.tables.get(name)?.version !== seen[name]?.version);
      const read =
        moved.length > 0
          ? await ask(workloads.firestore.getAll(...moved.map((it) => workloads.doc(it))))
          : [];
      tally.documents += read.length;

      const stored = new Map(before?.tables);
      const unreadable: WorkloadsRead['unreadable'] = [];
      for (const document of read) {
        try {
          if (document.exists) stored.set(document.id as TableName, decode(snapshotSchema, document));
        } catch (error) {
          unreadable.push({ path: document.ref.path, message: messageOf(error).split('\n', 1)[0] ?? '' });
        }
      }
      return { refresh, tables: datedAs(seen, stored), unreadable };
    },
  };
}

/** Tables as old as their regions: those that answer were seen by the last refresh that wrote or confirmed this version. */
function datedAs(
  seen: Refresh['tables'],
  stored: ReadonlyMap<TableName, Snapshot>,
): Map<TableName, Snapshot> {
  return new Map(
    [...stored].map(([name, snapshot]) => {
      const asked = seen[name];
      return [name, asked?.version === snapshot.version ? asSeenAt(snapshot, asked.askedAt) : snapshot];
    }),
  );
}

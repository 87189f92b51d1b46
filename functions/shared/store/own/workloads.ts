import { randomUUID } from 'node:crypto';
import type { DocumentReference, Timestamp } from '@google-cloud/firestore';
import { SECOND_MS } from '../../dates.ts';
import { LeaseLost } from '../../errors.ts';
import type { Log } from '../../log.ts';
import { type End, endSchema } from '../../model/workload/end.ts';
import {
  type OtherRefresh,
  otherThan,
  type Refresh,
  refreshBegun,
  refreshSchema,
} from '../../model/workload/refresh.ts';
import { asSeenAt, type Snapshot, snapshotSchema } from '../../model/workload/snapshot.ts';
import type { TableName } from '../../model/workload/tables.ts';
import { decode, isConflict, isTransient, withTimeout } from '../firestore/firestore.ts';
import type { Collections } from './collections.ts';
import { put, type Seen, seenOf } from './records.ts';

const LIMIT_MS = 6 * SECOND_MS;
/** Ends that an instance remembers. */
const MOST_REMEMBERED = 1_000;

/** What a refresh writes at once. */
export interface RefreshChange {
  refresh: Partial<Refresh>;
  tables?: readonly Snapshot[];
  /** By `endKey`. */
  ends?: ReadonlyMap<string, End>;
}

/** A refresh that is ours. Nothing else writes tables and ends, and it only while its token stands. */
export interface HeldRefresh {
  /** Its record, as it was written last. */
  refresh(): Refresh;

  /** The tables that were stored before it, each as old as its regions. */
  tables: ReadonlyMap<TableName, Snapshot>;

  /** A table as it is stored now; `null` before its first write. */
  stored(table: TableName): Snapshot | null;

  /** The ends that are remembered, of those keys. */
  ends(keys: readonly string[]): Promise<Map<string, End>>;

  /** Writes all of it in one commit. Rejects with LeaseLost once another refresh has taken over. */
  save(change: RefreshChange): Promise<void>;
}

/** The workload tables, and what is remembered of their ends. */
export interface WorkloadStore {
  /**
   * Begins a refresh at `now`, or tells of another one that is under way, or began less than `apartMs` ago. It has a lease of its
   * own beside that of a run, because a viewer's refresh has no run: whoever refreshes, nobody else does.
   */
  begin(by: Refresh['by'], now: Date, apartMs: number): Promise<HeldRefresh | OtherRefresh>;

  /** What is stored, as a refresh would find it at `now`; what it saves is written nowhere. */
  look(now: Date): Promise<HeldRefresh>;
}

export function workloadStore({ workloads, workloadEnds }: Collections, log: Log): WorkloadStore {
  const db = workloads.firestore;
  const ask = <T>(operation: string, call: Promise<T>): Promise<T> =>
    withTimeout(log, operation, LIMIT_MS, call);
  /** What this instance has read or written; of tables only while their version stands. */
  const knownTables = new Map<TableName, Snapshot>();
  const knownEnds = new Map<string, End>();

  const readRefresh = async (): Promise<Seen<Refresh>> =>
    seenOf(await ask('workload refresh', workloads.doc('refresh').get()), refreshSchema);

  async function tablesOf({ tables: seen }: Pick<Refresh, 'tables'>): Promise<Map<TableName, Snapshot>> {
    const names = Object.keys(seen) as TableName[];
    const moved = names.filter((name) => knownTables.get(name)?.version !== seen[name]?.version);
    const read =
      moved.length > 0 ? db.getAll(...moved.map((name) => workloads.doc(name))) : Promise.resolve([]);
    for (const document of await ask('workload tables', read)) {
      if (!document.exists) continue;
      const snapshot = decode(snapshotSchema, document);
      knownTables.set(snapshot.table, snapshot);
    }
    return new Map(
      names.flatMap((name) => {
        const [snapshot, asked] = [knownTables.get(name), seen[name]];
        return snapshot && asked ? [[name, asSeenAt(snapshot, asked.askedAt)] as const] : [];
      }),
    );
  }

  async function ends(keys: readonly string[]): Promise<Map<string, End>> {
    // One that waits for its log may have been written by another instance since.
    const unknown = keys.filter((key) => knownEnds.get(key)?.nextTryAt !== null);
    const refs = unknown.map((key) => workloadEnds.doc(key));
    const found = refs.length > 0 ? await ask('workload ends', db.getAll(...refs)) : [];
    for (const document of found) if (document.exists) remember(document.id, decode(endSchema, document));
    return new Map(
      keys.flatMap((key) => {
        const end = knownEnds.get(key);
        return end ? [[key, end] as const] : [];
      }),
    );
  }

  function remember(key: string, end: End): void {
    knownEnds.delete(key);
    knownEnds.set(key, end);
    const [oldest] = knownEnds.keys();
    if (knownEnds.size > MOST_REMEMBERED && oldest !== undefined) knownEnds.delete(oldest);
  }

  function hold(
    ref: DocumentReference,
    begun: Refresh,
    written: Timestamp | null,
    tables: Map<TableName, Snapshot>,
  ): HeldRefresh {
    let seen: Seen<Refresh> = { ref, data: begun, updateTime: written };
    let current = begun;

    async function commit(next: Refresh, change: RefreshChange): Promise<void> {
      const batch = db.batch();
      put(batch, seen, next);
      for (const snapshot of change.tables ?? []) batch.set(workloads.doc(snapshot.table), snapshot);
      for (const [key, end] of change.ends ?? []) batch.set(workloadEnds.doc(key), end);
      const [result] = await ask('workload refresh', batch.commit());
      seen = { ref, data: next, updateTime: result?.writeTime ?? null };
    }

    return {
      refresh: () => current,
      tables,
      stored: (table) => knownTables.get(table) ?? null,
      ends,
      async save(change) {
        const next = { ...current, ...change.refresh };
        try {
          await commit(next, change);
        } catch (error) {
          if (!isConflict(error) && !isTransient(error)) throw error;
          // Its answer may be lost: the record shows whose the refresh is, and whether that was its end.
          const found = await readRefresh();
          const isOurs = found.data?.count === begun.count;
          if (!isOurs || found.data?.lease === null) {
            if (isOurs && next.lease === null) return keep(next, change);
            throw new LeaseLost(`Cannot write refresh ${begun.count}: another one has begun`, {
              cause: error,
            });
          }
          seen = found;
          await commit(next, change);
        }
        keep(next, change);
      },
    };

    function keep(next: Refresh, change: RefreshChange): void {
      current = next;
      for (const snapshot of change.tables ?? []) knownTables.set(snapshot.table, snapshot);
      for (const [key, end] of change.ends ?? []) remember(key, end);
    }
  }

  return {
    async begin(by, now, apartMs) {
      const seen = await readRefresh();
      const other = otherThan(seen.data, { by, apartMs, now });
      if (other) return other;
      const tables = await tablesOf(seen.data ?? { tables: {} });
      const begun = refreshBegun(seen.data, { by, token: randomUUID(), now });
      const batch = db.batch();
      put(batch, seen, begun);
      try {
        const [result] = await ask('workload refresh', batch.commit());
        return hold(seen.ref, begun, result?.writeTime ?? null, tables);
      } catch (error) {
        if (!isConflict(error)) throw error;
        // Somebody else began in between.
        const { data } = await readRefresh();
        if (!data) throw error;
        const ended = { by: data.by, startedAt: data.startedAt, isUnderWay: false, until: now };
        return otherThan(data, { by, apartMs, now }) ?? ended;
      }
    },

    async look(now) {
      const { data } = await readRefresh();
      const tables = await tablesOf(data ?? { tables: {} });
      const begun = refreshBegun(data, { by: 'schedule', token: '', now });
      const stored = (table: TableName) => knownTables.get(table) ?? null;
      return { refresh: () => begun, tables, stored, ends, save: async () => undefined };
    },
  };
}

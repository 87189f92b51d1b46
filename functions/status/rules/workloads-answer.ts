import { type PendingCall, type Refresh, slowTables } from '../../shared/model/workload/refresh.ts';
import type { Row } from '../../shared/model/workload/row.ts';
import type { Snapshot } from '../../shared/model/workload/snapshot.ts';
import { type TableName, tableOf } from '../../shared/model/workload/tables.ts';
import type { WorkloadAnswer, WorkloadsAnswer, WorkloadTableAnswer } from '../api/workload-schemas.ts';

/** The tables as they are stored, those that the settings name, in their order; one that was never read is empty and incomplete. */
export function workloadsAnswer(
  names: readonly TableName[],
  tables: ReadonlyMap<TableName, Snapshot>,
  refresh: Refresh | null,
): WorkloadsAnswer {
  return {
    tables: names.map((name) => {
      const snapshot = tables.get(name);
      return snapshot ? tableAnswer(snapshot) : notSeen(name);
    }),
    refresh: refresh && {
      by: refresh.by,
      startedAt: refresh.startedAt.toISOString(),
      liveUntil: textOf(refresh.lease?.expiresAt ?? null),
      progress: refresh.progress && {
        asked: refresh.progress.asked,
        answered: refresh.progress.answered,
        pending: refresh.progress.pending.map(callAnswer),
      },
      hung: refresh.hung.map(callAnswer),
      slow: slowTables(refresh),
    },
  };
}

function tableAnswer(snapshot: Snapshot): WorkloadTableAnswer {
  const { table, rows, counts, regions, asOf, complete, tookMs, slowest } = snapshot;
  return {
    table,
    title: tableOf(table).title,
    place: tableOf(table).place,
    rows: rows.map(rowAnswer),
    counts,
    regions: Object.entries(regions)
      .map(([region, { state, asOf: seenAt, error, since, more }]) => ({
        region,
        state,
        asOf: textOf(seenAt),
        error,
        since: textOf(since),
        more,
      }))
      // Firestore keeps no order of keys.
      .sort((a, b) => (a.region < b.region ? -1 : 1)),
    asOf: textOf(asOf),
    complete,
    tookMs,
    slowest,
  };
}

function notSeen(table: TableName): WorkloadTableAnswer {
  const { title, place } = tableOf(table);
  const nothing = { rows: [], counts: {}, regions: [], asOf: null, tookMs: null, slowest: null };
  return { table, title, place, ...nothing, complete: false };
}

function rowAnswer({ createdAt, startedAt, endedAt, silentSince, ...row }: Row): WorkloadAnswer {
  return {
    ...row,
    createdAt: textOf(createdAt),
    startedAt: textOf(startedAt),
    endedAt: textOf(endedAt),
    silentSince: textOf(silentSince),
  };
}

function callAnswer({ since, ...call }: PendingCall) {
  return { ...call, since: since.toISOString() };
}

function textOf(at: Date | null): string | null {
  return at?.toISOString() ?? null;
}

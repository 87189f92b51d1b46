import { type TableName, tablesOf } from '../../../functions/shared/model/workload/tables.ts';
import type { WorkloadsRead } from '../../../functions/shared/store/own/workload-records.ts';
import { workloadsAnswer } from '../../../functions/status/rules/workloads-answer.ts';
import type { Connection } from '../shared/connect.ts';
import { SILENT } from '../shared/connect.ts';

/** The tables of a deployment, and how they are read. */
export interface WorkloadReader {
  /** Those that its settings name. */
  names: TableName[];
  /** Reads what was written since `before`; rejects with an OpsProblem where nothing answers. */
  read(before: WorkloadsRead | undefined): Promise<WorkloadsRead>;
}

export async function workloadReader({ settings, collections, ask }: Connection): Promise<WorkloadReader> {
  const { workloadRecords } = await import('../../../functions/shared/store/own/workload-records.ts');
  const records = workloadRecords(collections, SILENT);
  return {
    names: tablesOf(settings.workloads),
    read: (before) => ask('reading the workload tables', records.read(before, { tally: { documents: 0 } })),
  };
}

/** Tables for a program: as the service `status` answers, with those that cannot be read. */
export function workloadsForPrograms(
  names: readonly TableName[],
  { tables, refresh, unreadable }: WorkloadsRead,
) {
  return { ...workloadsAnswer(names, tables, refresh), unreadable };
}

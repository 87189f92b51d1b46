import type { TableName } from '../../../functions/shared/model/workload/tables.ts';
import { exitWith } from '../../shared/shell.ts';
import { note, paintError, print, printJson } from '../../words/terminal.ts';
import { connect } from '../shared/connect.ts';
import { EXIT, OpsProblem } from '../shared/problem.ts';
import { workloadReader, workloadsForPrograms } from './read-workloads.ts';
import { refreshInWords, unreadableInWords } from './refresh-words.ts';
import { tableInWords } from './table-words.ts';

/** Prints the workload tables, or one; the exit code is 1 where one cannot be read. */
export async function showWorkloads(table: TableName | undefined, { json }: { json?: true }): Promise<void> {
  const connection = await connect();
  const reader = await workloadReader(connection);
  if (table !== undefined && !reader.names.includes(table))
    throw new OpsProblem(
      `The settings name no table ${table} (they name: ${reader.names.join(', ') || 'none'})`,
    );
  const names = table === undefined ? reader.names : [table];
  const found = await reader.read(undefined);
  if (found.unreadable.length > 0) exitWith(EXIT.wrong);
  if (json) return printJson(workloadsForPrograms(names, found));
  if (names.length === 0) return print('No workload table is named in the settings: workloads');
  const now = connection.clock.now();
  for (const name of names) print(...tableInWords(name, found.tables.get(name), now), '');
  print(...refreshInWords(found.refresh, now));
  note(...unreadableInWords(found).map(paintError.red));
}

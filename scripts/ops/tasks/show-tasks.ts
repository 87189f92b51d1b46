import { print, printJson } from '../../words/terminal.ts';
import { connect } from '../shared/connect.ts';
import { readTasks } from './read-tasks.ts';
import { tasksInWords } from './task-words.ts';

/** Prints how every task stands. */
export async function showTasks({ json }: { json?: true }): Promise<void> {
  const connection = await connect();
  const rows = await readTasks(connection);
  if (json) printJson(rows);
  else print(...tasksInWords(rows, connection.clock.now()));
}

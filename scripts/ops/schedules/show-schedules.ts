import { loadCatalog } from '../../../functions/shared/catalog.ts';
import { print, printJson } from '../../words/terminal.ts';
import { connect } from '../shared/connect.ts';
import { openScheduler } from './open.ts';
import { scheduleRow } from './row.ts';
import { schedulesInWords } from './words.ts';

/** Shows the job of every task in Cloud Scheduler. */
export async function showSchedules({ json }: { json?: true }): Promise<void> {
  const connection = await connect();
  const { scheduler, place, isStandIn } = openScheduler(connection);
  const live = new Map((await scheduler.list()).map((job) => [job.name, job]));
  const rows = Object.values(loadCatalog(connection.environment)).map((entry) =>
    scheduleRow(entry, live.get(entry.task), isStandIn),
  );
  if (json) printJson(rows);
  else print(...schedulesInWords(rows, place, connection.clock.now()));
}

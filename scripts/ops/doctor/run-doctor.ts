import { loadCatalog } from '../../../functions/shared/catalog.ts';
import { exitWith } from '../../shared/shell.ts';
import { print, printJson } from '../../words/terminal.ts';
import { type Check, examine } from '../shared/check.ts';
import { type Connection, connect } from '../shared/connect.ts';
import { EXIT } from '../shared/problem.ts';
import { placeOf } from '../shared/target.ts';
import { whileSaying } from '../shared/waiting.ts';
import { apiChecks } from './apis.ts';
import { bucketChecks } from './buckets.ts';
import { indexChecks } from './indexes.ts';
import { recordChecks } from './records.ts';
import { refreshChecks } from './refresh.ts';
import { scheduleChecks } from './schedules.ts';
import { serviceChecks } from './services.ts';
import { sourceChecks } from './sources.ts';
import { taskChecks } from './tasks.ts';
import { doctorInWords } from './words.ts';
import { workloadChecks } from './workloads.ts';

/** Makes every check; the exit code says whether all is fine. */
export async function runDoctor({ json }: { json?: true }): Promise<void> {
  const connection = await connect();
  const found = await whileSaying('examining', examine(checksOf(connection)));
  const ok = found.every(({ state }) => state !== 'wrong');
  if (json) printJson({ ok, place: placeOf(connection.target), findings: found });
  else print(...doctorInWords(found, placeOf(connection.target)));
  if (!ok) exitWith(EXIT.wrong);
}

function checksOf(connection: Connection): Check[] {
  const catalog = loadCatalog(connection.environment);
  return [
    ...recordChecks(connection),
    ...indexChecks(connection, catalog),
    ...scheduleChecks(connection, catalog),
    ...taskChecks(connection),
    ...serviceChecks(connection),
    ...sourceChecks(connection),
    ...apiChecks(connection),
    ...workloadChecks(connection),
    ...refreshChecks(connection),
    ...bucketChecks(connection),
  ];
}

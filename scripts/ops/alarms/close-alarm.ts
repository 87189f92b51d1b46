import { shell } from '../../shared/shell.ts';
import { print, printJson } from '../../words/terminal.ts';
import { confirmWrite } from '../shared/confirm.ts';
import { connect, SILENT } from '../shared/connect.ts';
import { operatorName } from '../shared/operator.ts';
import { OpsProblem, usage } from '../shared/problem.ts';
import { placeOf } from '../shared/target.ts';
import { readAlarm } from './show-alarms.ts';

interface CloseOptions {
  reason: string;
  yes?: true;
  json?: true;
}

/** Closes an alarm by hand; why, and by whom, is kept with it. */
export async function closeAlarm(given: string, { reason, yes, json }: CloseOptions): Promise<void> {
  if (!reason.trim()) throw usage('Cannot use --reason: it says nothing');
  const connection = await connect();
  const { target, environment, collections, ask, clock } = connection;
  const alarm = await readAlarm(given, connection);
  const isReal = target.kind === 'real';
  const place = placeOf(target, { database: environment.FIRESTORE_DATABASE });
  await confirmWrite(isReal, `This closes ${alarm.id} (${alarm.message}) in ${place}`, yes);
  const { alarmStore } = await import('../../../functions/shared/store/own/alarms.ts');
  const because = `${reason.trim()} (${operatorName(isReal, shell().env)})`;
  const at = clock.now();
  const store = alarmStore(collections, SILENT);
  const result = await ask(`closing ${alarm.id}`, store.close({ id: alarm.id, because }, at));
  if (result === 'missing') throw new OpsProblem(`Cannot close ${alarm.id}: it is gone`);
  if (result === 'closed-before') throw new OpsProblem(`Cannot close ${alarm.id}: it is closed already`);
  if (json) printJson(await readAlarm(alarm.id, connection));
  else print(`closed ${alarm.id}: ${because}`);
}

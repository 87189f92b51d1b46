import { addMs } from '../../../functions/shared/dates.ts';
import { type Alarm, type Mute, muteAt } from '../../../functions/shared/model/run/alarm.ts';
import { shell } from '../../shared/shell.ts';
import { print, printJson } from '../../words/terminal.ts';
import { confirmWrite } from '../shared/confirm.ts';
import { type Connection, connect, SILENT } from '../shared/connect.ts';
import { operatorName } from '../shared/operator.ts';
import { OpsProblem, usage } from '../shared/problem.ts';
import { placeOf } from '../shared/target.ts';
import { muteInWords } from './alarm-words.ts';
import { readAlarm } from './show-alarms.ts';

interface UnmuteOptions {
  yes?: true;
  json?: true;
}

interface MuteOptions extends UnmuteOptions {
  /** Milliseconds. */
  for: number;
  reason: string;
}

/** Mutes an open alarm for some time; why, and by whom, is kept with it. */
export async function muteAlarm(given: string, options: MuteOptions): Promise<void> {
  const reason = options.reason.trim();
  if (!reason) throw usage('Cannot use --reason: it says nothing');
  const connection = await connect();
  const at = connection.clock.now();
  const by = operatorName(connection.target.kind === 'real', shell().env);
  const mute: Mute = { until: addMs(at, options.for), by, reason, at };
  const alarm = await readOpenAlarm(given, 'mute', connection);
  await write(alarm, mute, { connection, act: `mutes ${alarm.id} (${alarm.message})`, ...options });
  if (options.json) printJson(await readAlarm(alarm.id, connection));
  else print(`muted ${alarm.id} ${muteInWords(mute)}`);
}

/** Ends the mute of an alarm before its time. */
export async function unmuteAlarm(given: string, options: UnmuteOptions): Promise<void> {
  const connection = await connect();
  const alarm = await readOpenAlarm(given, 'unmute', connection);
  if (!muteAt(alarm, connection.clock.now()))
    throw new OpsProblem(`Cannot unmute ${alarm.id}: it is not muted`);
  await write(alarm, null, { connection, act: `unmutes ${alarm.id} (${alarm.message})`, ...options });
  if (options.json) printJson(await readAlarm(alarm.id, connection));
  else print(`unmuted ${alarm.id}`);
}

async function readOpenAlarm(given: string, what: string, connection: Connection): Promise<Alarm> {
  const alarm = await readAlarm(given, connection);
  if (alarm.closedAt) throw new OpsProblem(`Cannot ${what} ${alarm.id}: it is closed already`);
  return alarm;
}

/** Writes the mute once that was agreed to. */
async function write(
  { id }: Alarm,
  mute: Mute | null,
  { connection, act, yes }: { connection: Connection; act: string; yes?: true },
): Promise<void> {
  const { target, environment, collections, ask } = connection;
  const place = placeOf(target, { database: environment.FIRESTORE_DATABASE });
  await confirmWrite(target.kind === 'real', `This ${act} in ${place}`, yes);
  const { alarmStore } = await import('../../../functions/shared/store/own/alarms.ts');
  const result = await ask(`writing ${id}`, alarmStore(collections, SILENT).mute(id, mute));
  if (result === 'missing') throw new OpsProblem(`Cannot write ${id}: it is gone`);
  if (result === 'closed-before') throw new OpsProblem(`Cannot write ${id}: it is closed already`);
}

import { addMs, DAY_MS } from '../../../functions/shared/dates.ts';
import { type Alarm, alarmSchema } from '../../../functions/shared/model/run/alarm.ts';
import { furtherCommand, worstFirst } from '../../../functions/shared/model/run/alarm-rank.ts';
import { note, paintError, print, printJson } from '../../words/terminal.ts';
import { type Connection, connect, SILENT, uncounted } from '../shared/connect.ts';
import { findById } from '../shared/find-id.ts';
import { type Since, sinceAt } from '../shared/options.ts';
import { OpsProblem, usage } from '../shared/problem.ts';
import { placeOf } from '../shared/target.ts';
import { alarmInWords, alarmsInWords } from './alarm-words.ts';

const CLOSED_DAYS = 90;
const CLOSED_MOST = 500;

interface AlarmsOptions {
  all?: true;
  since?: Since;
  json?: true;
}

/** Shows the open alarms, those that are over, or one whole. */
export async function showAlarms(id: string | undefined, options: AlarmsOptions): Promise<void> {
  if (id !== undefined) return showAlarm(id, options);
  const { all, since, json } = options;
  if (all && since !== undefined) throw usage('Cannot use --since beside --all: either of them');
  const { collections, ask, clock } = await connect();
  const { alarmStore } = await import('../../../functions/shared/store/own/alarms.ts');
  const store = alarmStore(collections, SILENT);
  const now = clock.now();
  const from = all ? addMs(now, -CLOSED_DAYS * DAY_MS) : since && sinceAt(since, now);
  const [open, closed] = await Promise.all([
    ask('reading the alarms', store.open(uncounted())),
    from ? ask('reading the closed alarms', store.closedSince(from, CLOSED_MOST, uncounted())) : [],
  ]);
  const alarms: Alarm[] = [...worstFirst(open), ...closed];
  if (json) printJson(alarms.map(withFurther));
  else if (alarms.length === 0) print(from ? 'No alarm on record' : 'No alarm is open');
  else print(...alarmsInWords(alarms, now));
  if (closed.length === CLOSED_MOST)
    note(paintError.yellow(`Only the newest ${CLOSED_MOST} of those that are over are shown`));
}

async function showAlarm(id: string, { all, since, json }: AlarmsOptions): Promise<void> {
  if (all || since !== undefined)
    throw usage('Cannot use --all or --since beside an alarm: it is shown whole');
  const connection = await connect();
  const alarm = await readAlarm(id, connection);
  if (json) printJson(withFurther(alarm));
  else print(...alarmInWords(alarm, connection.clock.now()));
}

/** The alarm of that id, which may be shortened. */
export async function readAlarm(id: string, connection: Connection): Promise<Alarm> {
  const found = await findById('alarm', connection.collections.alarms, [id], connection);
  if (!found) throw new OpsProblem(`There is no alarm ${id} in ${placeOf(connection.target)}`);
  const { decode } = await import('../../../functions/shared/store/firestore/firestore.ts');
  return decode(alarmSchema, found);
}

function withFurther(alarm: Alarm): Alarm & { further: string } {
  return { ...alarm, further: furtherCommand(alarm) };
}

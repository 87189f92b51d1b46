import type { Command } from 'commander';
import { addMs, DAY_MS } from '../../../functions/shared/dates.ts';
import type { Alarm } from '../../../functions/shared/model/run/alarm.ts';
import { note, paintError, print, printJson } from '../../words/terminal.ts';
import { connect, SILENT, uncounted } from '../shared/connect.ts';
import { alarmsInWords, furtherCommand, worstFirst } from './alarm-words.ts';

const CLOSED_DAYS = 90;
const CLOSED_MOST = 500;

/** Adds `alarms`: the incidents that last, and those that are over. */
export function addAlarms(program: Command): void {
  program
    .command('alarms')
    .description('the incidents that last: what, since when, and where to look further')
    .option('--all', `also those that ended in the last ${CLOSED_DAYS} days, the newest ${CLOSED_MOST}`)
    .option('--json', 'print the alarms as JSON')
    .action(showAlarms);
}

async function showAlarms({ all, json }: { all?: true; json?: true }): Promise<void> {
  const { collections, ask, clock } = await connect();
  const { alarmStore } = await import('../../../functions/shared/store/own/alarms.ts');
  const store = alarmStore(collections, SILENT);
  const now = clock.now();
  const since = addMs(now, -CLOSED_DAYS * DAY_MS);
  const [open, closed] = await Promise.all([
    ask('reading the alarms', store.open(uncounted())),
    all ? ask('reading the closed alarms', store.closedSince(since, CLOSED_MOST, uncounted())) : [],
  ]);
  const alarms: Alarm[] = [...worstFirst(open), ...closed];
  if (json) printJson(alarms.map((alarm) => ({ ...alarm, further: furtherCommand(alarm) })));
  else if (alarms.length === 0) print(all ? 'No alarm on record' : 'No alarm is open');
  else print(...alarmsInWords(alarms, now));
  if (closed.length === CLOSED_MOST)
    note(paintError.yellow(`Only the newest ${CLOSED_MOST} of those that are over are shown`));
}

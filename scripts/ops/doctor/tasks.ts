import { muteAt } from '../../../functions/shared/model/run/alarm.ts';
import type { HealthState } from '../../../functions/shared/model/run/health-state.ts';
import { plural, relative, stamp } from '../../words/figures.ts';
import { firstLine } from '../../words/terminal.ts';
import type { Check, Finding } from '../shared/check.ts';
import { type Connection, SILENT, uncounted } from '../shared/connect.ts';
import { readTasks } from '../tasks/read-tasks.ts';
import type { TaskRow } from '../tasks/task-row.ts';

const WRONG: readonly HealthState[] = ['stuck', 'failing', 'unknown', 'late'];

/** How the last runs of each task went, and whether an alarm is open. */
export function taskChecks(connection: Connection): Check[] {
  const { collections, ask } = connection;
  return [
    {
      group: 'Tasks',
      what: 'last runs',
      async look() {
        const rows = await readTasks(connection);
        const now = connection.clock.now();
        return rows.map((row) => taskFinding(row, now));
      },
    },
    {
      group: 'Tasks',
      what: 'alarms',
      async look() {
        const { alarmStore } = await import('../../../functions/shared/store/own/alarms.ts');
        const open = await ask('reading the alarms', alarmStore(collections, SILENT).open(uncounted()));
        const now = connection.clock.now();
        const loud = open.filter((alarm) => !muteAt(alarm, now)).length;
        if (open.length === 0) return { state: 'ok', words: 'none is open' };
        if (loud === 0) return { state: 'ok', words: `${plural(open.length, 'alarm')} open, and muted` };
        return {
          state: 'wrong',
          words: `${plural(loud, 'alarm')} open`,
          mend: 'npm run -s ops -- alarms',
        };
      },
    },
  ];
}

/** How a task stands; what has never run shows nothing yet. */
export function taskFinding(row: TaskRow, now: Date): Finding {
  const { task, state, reason, lastSuccessAt, nextExpectedAt } = row;
  if (WRONG.includes(state)) {
    const words = `${state}: ${firstLine(reason)}`;
    return { what: task, state: 'wrong', words, mend: `npm run -s ops -- runs ${task}` };
  }
  if (state === 'new')
    return {
      what: task,
      state: 'unknown',
      words: `it has not run yet, next at ${stamp(nextExpectedAt)}`,
      mend: `npm run -s ops -- schedules run ${task}`,
    };
  const success = lastSuccessAt ? `, last success ${relative(lastSuccessAt, now)}` : '';
  return { what: task, state: 'ok', words: `${state}: ${firstLine(reason)}${success}` };
}

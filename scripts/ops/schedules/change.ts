import { loadCatalog, nextSlot } from '../../../functions/shared/catalog.ts';
import { stamp } from '../../words/figures.ts';
import { print, printJson } from '../../words/terminal.ts';
import { confirmWrite } from '../shared/confirm.ts';
import { connect } from '../shared/connect.ts';
import { oneOf } from '../shared/options.ts';
import { openScheduler } from './open.ts';

/** The options of every command that changes what Cloud Scheduler does. */
export interface ChangeOptions {
  yes?: true;
  json?: true;
}

/** Runs the job of a task by hand, and prints where to see its run. */
export async function runSchedule(task: string, options: ChangeOptions): Promise<void> {
  const { scheduler, nextAt } = await agreed(task, 'runs', options);
  await scheduler.run(task);
  if (options.json) return printJson({ task, called: true, nextSlotAt: nextAt });
  print(
    `Cloud Scheduler calls ${task} now: a manual run, so that the slot of ${stamp(nextAt)} stays free`,
    `see it: npm run -s ops -- runs ${task} --limit 1`,
  );
}

/** Pauses the job of a task. */
export async function pauseSchedule(task: string, options: ChangeOptions): Promise<void> {
  const { scheduler } = await agreed(task, 'pauses', options);
  const { state } = await scheduler.pause(task);
  if (options.json) return printJson({ task, state });
  print(
    `${task} is paused: its slots pass, and the sweep opens alarms about them`,
    `go on: npm run -s ops -- schedules resume ${task}`,
  );
}

/** Resumes the job of a task. */
export async function resumeSchedule(task: string, options: ChangeOptions): Promise<void> {
  const { scheduler } = await agreed(task, 'resumes', options);
  const { state, nextAt } = await scheduler.resume(task);
  if (options.json) return printJson({ task, state, nextAt });
  print(`${task} is resumed, next at ${stamp(nextAt)}`);
}

/** Cloud Scheduler, once the write is let through; `nextAt` is the task's next slot. */
async function agreed(taskName: string, does: string, { yes }: ChangeOptions) {
  const connection = await connect();
  const catalog = loadCatalog(connection.environment);
  const task = oneOf('task', taskName, Object.keys(catalog));
  const { scheduler, place } = openScheduler(connection);
  await confirmWrite(connection.target.kind === 'real', `This ${does} ${task}, in ${place}`, yes);
  const entry = catalog[task];
  return { scheduler, nextAt: entry ? nextSlot(entry, connection.clock.now()) : null };
}

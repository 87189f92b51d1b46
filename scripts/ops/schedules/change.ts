import { loadCatalog, nextSlot } from '../../../functions/shared/catalog.ts';
import { minuteStamp } from '../../words/figures.ts';
import { print } from '../../words/terminal.ts';
import { confirmWrite } from '../shared/confirm.ts';
import { connect } from '../shared/connect.ts';
import { oneOf } from '../shared/options.ts';
import { openScheduler } from './open.ts';

/** The options of every command that changes what Cloud Scheduler does. */
export interface ChangeOptions {
  region?: string;
  yes?: true;
}

/** Runs the job of a task by hand, and tells where its run is seen. */
export async function runSchedule(task: string, options: ChangeOptions): Promise<void> {
  const { scheduler, nextAt } = await agreed(task, 'runs', options);
  await scheduler.run(task);
  print(
    `Cloud Scheduler calls ${task} now: a manual run, so that the slot of ${minuteStamp(nextAt)} stays free`,
    `see it: npm run -s ops -- runs ${task} --limit 1`,
  );
}

/** Pauses the job of a task. */
export async function pauseSchedule(task: string, options: ChangeOptions): Promise<void> {
  const { scheduler } = await agreed(task, 'pauses', options);
  await scheduler.pause(task);
  print(
    `${task} is paused: its slots pass, and the sweep opens alarms about them`,
    `go on: npm run -s ops -- schedules resume ${task}`,
  );
}

/** Resumes the job of a task. */
export async function resumeSchedule(task: string, options: ChangeOptions): Promise<void> {
  const { scheduler } = await agreed(task, 'resumes', options);
  const { nextAt } = await scheduler.resume(task);
  print(`${task} is resumed, next at ${minuteStamp(nextAt)}`);
}

/** Cloud Scheduler, once the write is let through; `nextAt` is the task's next slot. */
async function agreed(taskName: string, does: string, { region, yes }: ChangeOptions) {
  const connection = await connect();
  const catalog = loadCatalog(connection.environment);
  const task = oneOf('task', taskName, Object.keys(catalog));
  const { scheduler, place } = openScheduler(connection, region);
  await confirmWrite(connection.target.kind === 'real', `This ${does} ${task}, in ${place}`, yes);
  const entry = catalog[task];
  return { scheduler, nextAt: entry ? nextSlot(entry, connection.clock.now()) : null };
}

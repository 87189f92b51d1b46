import type { CloudScheduler } from '../../shared/cloud/scheduler.ts';
import { SECOND_MS } from '../../shared/dates.ts';
import { messageOf } from '../../shared/errors.ts';
import type { RunProblem } from '../../shared/model/run/run.ts';
import { driftOf, type LiveSchedule } from '../../shared/model/run/schedule.ts';
import type { WatchedTask } from '../../shared/model/run/watch.ts';
import type { RunContext } from '../../shared/run/task.ts';

/** The watch waits at most so long for Cloud Scheduler; without its answer missed slots are found, but not explained. */
const LIMIT_MS = 5 * SECOND_MS;

/** Cloud Scheduler with the jobs of our tasks, or why it is not asked. */
export type Schedules = Pick<CloudScheduler, 'list'> | string;

/** The jobs of Cloud Scheduler compared with the catalogue. */
export interface Reconciled {
  /** The job of a task, `null` where there is none; `undefined` where Cloud Scheduler gave no answer. */
  liveOf(task: string): LiveSchedule | null | undefined;
  /** How they differ, a line each; `null` where Cloud Scheduler gave no answer. */
  drift: string[] | null;
  problems: RunProblem[];
}

/** Compares the jobs of Cloud Scheduler with the catalogue. Rejects only with the signal's reason. */
export async function reconcile(
  tasks: readonly WatchedTask[],
  schedules: Schedules,
  { signal, log }: Pick<RunContext<unknown>, 'signal' | 'log'>,
): Promise<Reconciled> {
  const unknown = (problems: RunProblem[]): Reconciled => ({
    liveOf: () => undefined,
    drift: null,
    problems,
  });
  if (typeof schedules === 'string') {
    log.info(`Cloud Scheduler is not asked: ${schedules}`);
    return unknown([]);
  }
  try {
    const jobs = await schedules.list({ limitMs: LIMIT_MS, signal });
    const live = new Map(jobs.map((job) => [job.name, job]));
    return {
      liveOf: (task) => live.get(task) ?? null,
      drift: tasks.flatMap(({ task, expectation: { enabled, schedule } }) =>
        driftOf({ task, enabled, schedule }, live.get(task)).map(({ words }) => `${task}: ${words}`),
      ),
      problems: [],
    };
  } catch (error) {
    signal.throwIfAborted();
    const why = messageOf(error);
    return unknown([{ path: 'schedules', message: `Cannot compare them with the catalogue: ${why}` }]);
  }
}

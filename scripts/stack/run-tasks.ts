import type { Tell } from '../shared/tell.ts';
import { answerInWords, isGood } from '../words/answer.ts';
import type { SchedulerJobs } from './stand-ins/scheduler/catalog-jobs.ts';
import type { Attempt } from './stand-ins/scheduler/live-job.ts';
import type { Scheduler } from './stand-ins/scheduler/server.ts';

/** Runs the job of each task by hand, one after the other, and tells what each did; whether all did what they should. */
export async function runTasks(
  scheduler: Pick<Scheduler, 'watch'>,
  jobs: Pick<SchedulerJobs, 'run'>,
  tasks: string[],
  tell: Tell,
  signal: AbortSignal,
): Promise<boolean> {
  let allFine = true;
  for (const task of tasks) {
    const { promise, resolve } = Promise.withResolvers<Attempt>();
    const unwatch = scheduler.watch((attempt) => {
      if (attempt.job === task) resolve(attempt);
    });
    await jobs.run(task);
    const attempt = await promise;
    unwatch();
    // What a function answers while it is being stopped is no news.
    signal.throwIfAborted();
    allFine = tellAttempt(attempt, tell) && allFine;
  }
  return allFine;
}

/** Tells what a function answered to an attempt; whether it did what it should. */
export function tellAttempt({ job, text }: Attempt, tell: Tell): boolean {
  const answer = readAnswer(text);
  // A refusal does not name its task.
  const [first = '', ...rest] = answerInWords(answer);
  tell.line(`  ${answer.outcome === undefined ? `${job} ` : ''}${first}`);
  for (const line of rest) tell.line(line);
  return isGood(answer.outcome);
}

/** What a function answered; an answer that is no JSON is an error that says so. */
export function readAnswer(text: string): { outcome?: string; error?: string } {
  try {
    return JSON.parse(text);
  } catch {
    return { error: `The answer is not JSON: ${text.slice(0, 200)}` };
  }
}

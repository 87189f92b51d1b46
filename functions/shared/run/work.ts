import { LeaseLost } from '../errors.ts';
import { raceDeadline } from './deadline.ts';
import { type Settled, settleError, settleResult } from './settle.ts';
import type { RunContext, Task, TaskInput } from './task.ts';

/**
 * Runs the task until it settles, or ignores its aborted signal. Every ending is settled to one of four outcomes;
 * nothing is thrown. `ignored`: the task still runs.
 */
export async function work<Input extends TaskInput>(
  task: Task<Input>,
  context: Omit<RunContext<Input>, 'signal'>,
  stop: AbortController,
  limitMs: number,
): Promise<{ settled: Settled; ignored: boolean }> {
  const { signal } = stop;
  // Settled within the race: a result that no record can hold is an error of the task like any other.
  const run = async () => settleResult(await task.run({ ...context, signal }));
  const race = await raceDeadline(run, stop, limitMs, `task ${task.name}`);
  if (race.kind === 'returned') return { settled: race.value, ignored: false };
  const ignored = race.kind === 'ignored';
  // Once the signal is aborted, the task's error only follows from it: the signal's reason is the cause.
  if (!signal.aborted && !ignored) return { settled: settleError(race.error, 'failed'), ignored };
  const outcome = signal.reason instanceof LeaseLost ? 'failed' : 'timed-out';
  return { settled: settleError(signal.reason, outcome), ignored };
}

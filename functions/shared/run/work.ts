import { LeaseLost } from '../errors.ts';
import { raceDeadline } from './deadline.ts';
import { type Settled, settleError, settleResult } from './settle.ts';
import type { RunContext, Task, TaskInput } from './task.ts';

/**
 * Runs the task until it settles or, told to stop, ignores it. Whatever happens is settled to one of four outcomes;
 * nothing is thrown. `ignored`: the task still runs.
 */
export async function work<Input extends TaskInput>(
  task: Task<Input>,
  context: Omit<RunContext<Input>, 'signal'>,
  stop: AbortController,
  limitMs: number,
): Promise<{ settled: Settled; ignored: boolean }> {
  const { signal } = stop;
  const race = await raceDeadline(() => task.run({ ...context, signal }), stop, limitMs, `task ${task.name}`);
  if (race.kind === 'returned') return { settled: settleResult(race.value), ignored: false };
  // Once told to stop, what the task throws is an echo: the reason of the signal is the cause.
  const error: unknown = signal.aborted ? signal.reason : race.kind === 'threw' && race.error;
  const timedOut = signal.aborted && !(error instanceof LeaseLost);
  return { settled: settleError(error, timedOut ? 'timed-out' : 'failed'), ignored: race.kind === 'ignored' };
}

import type { Truth } from '../../shared/model/job/backend.ts';
import type { Job } from '../../shared/model/job/job.ts';
import type { Suspect } from '../../shared/model/job/sweep.ts';

/** A job that runs, about which a backend is asked only to see whether it is asked in the right place. */

/** Whether one is needed: a place that nobody named in full has no such job, and was never seen to have one. */
export function needsWitness(suspects: readonly Suspect[], backendKnown: boolean): boolean {
  const isGuess = (truth: Truth | null) => truth?.state === 'gone' && truth.placed === 'guessed';
  return !backendKnown && suspects.some(({ truth, jobTruth }) => isGuess(truth) || isGuess(jobTruth));
}

/** The name at the backend of the first of those jobs that runs and was not asked about; `null` where there is none. */
export function witnessOf(jobs: readonly Job[], told: ReadonlyMap<string, Truth>): string | null {
  const one = jobs.find(
    ({ state, backendId }) => state === 'running' && backendId !== null && !told.has(backendId),
  );
  return one?.backendId ?? null;
}

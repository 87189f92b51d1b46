import type { Truth } from '../backend.ts';
import type { Job } from '../job.ts';
import type { Suspect } from '../sweep.ts';

/** A running job that a backend is asked about only to see whether it is asked in the right place. */

/** Whether a witness is needed: the backend's place is guessed, lacks the jobs, and was never seen to have one. */
export function needsWitness(suspects: readonly Suspect[], backendKnown: boolean): boolean {
  const isGuess = (truth: Truth | null) => truth?.state === 'gone' && truth.placed === 'guessed';
  return !backendKnown && suspects.some(({ truth, jobTruth }) => isGuess(truth) || isGuess(jobTruth));
}

/** The name at the backend of the first job that runs and was not asked about; `null` where there is none. */
export function witnessOf(jobs: readonly Job[], told: ReadonlyMap<string, Truth>): string | null {
  const one = jobs.find(
    ({ state, backendId }) => state === 'running' && backendId !== null && !told.has(backendId),
  );
  return one?.backendId ?? null;
}

import { wordToWrite } from '../../../functions/shared/model/job/source.ts';
import type { SampleRecord } from './job.ts';
import { ETL_SOURCE } from './settings.ts';

/** What the system that runs the sample's ETL runs tells of them. */
export interface Orchestrator {
  /** Its answers by id. */
  runs: Map<string, object>;
  /** Ids that it says nothing of but an error of its own. */
  silent: string[];
}

/** What the orchestrator has of the sample runs: what their records say, but where they lie. */
export function sampleOrchestrator(runs: readonly SampleRecord[]): Orchestrator {
  const known = runs.flatMap(({ id, fate, status, startedAt, endedAt, error }) => {
    if (fate === 'gone' || fate === 'silence' || status === 'unknown') return [];
    const truth = fate
      ? { status: fate.status, endedAt: fate.at, error: fate.error }
      : { status, endedAt, error };
    const body = {
      run: id,
      state: wordToWrite(ETL_SOURCE, truth.status),
      started: startedAt,
      ended: truth.endedAt,
      reason: truth.error,
    };
    return [[id, body] as const];
  });
  return {
    runs: new Map(known),
    silent: runs.flatMap(({ id, fate }) => (fate === 'silence' ? [id] : [])),
  };
}

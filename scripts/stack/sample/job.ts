import type { JobState, TerminalState } from '../../../functions/shared/model/job/states.ts';
import type { Dice } from './dice.ts';
import type { Marks } from './marks.ts';

/** One record of the sample world, in our own words; what it lacks is null. */
export interface SampleRecord {
  id: string;
  project: string;
  /** `unknown` is a word that no setting maps. */
  status: JobState | 'unknown';
  createdAt: Date | null;
  startedAt: Date | null;
  endedAt: Date | null;
  updatedAt: Date | null;
  error: string | null;
  backendId: string | null;
  /** What its backend says where that is not what its record says: how it ended, that there is no such job, or nothing. */
  fate?: Fate | 'gone' | 'silence';
}

/** What really became of a job. */
export interface Fate {
  status: TerminalState;
  at: Date;
  error: string | null;
}

/** A try of a job, which has its own record below that of the job. */
export type SampleExecution = Pick<
  SampleJob,
  'id' | 'status' | 'startedAt' | 'heartbeatAt' | 'endedAt' | 'error'
>;

/** One job of the sample world. */
export interface SampleJob extends SampleRecord, Marks {
  model: string;
  gpus: number;
  heartbeatAt: Date | null;
  artifactUri: string | null;
  artifactBytes: number | null;
  executions?: SampleExecution[];
}

/** A job before anything became of it. */
export type NewJob = Omit<
  SampleJob,
  'createdAt' | 'status' | 'heartbeatAt' | 'updatedAt' | 'endedAt' | 'fate'
> & {
  createdAt: Date;
};

const PROJECTS = {
  'image-search': ['clip-encoder', 'reranker', 'near-duplicates'],
  'speech-notes': ['transcriber', 'speaker-turns'],
  'churn-forecast': ['tabular-base', 'uplift', 'sequence'],
};

/** A job of one of the three ML projects, which has not started. */
export function newJob(roll: Dice, suffix: string, createdAt: Date): NewJob {
  const project = roll.pick(Object.keys(PROJECTS) as (keyof typeof PROJECTS)[]);
  const model = roll.pick(PROJECTS[project]);
  const id = `${model}-${suffix}`;
  return {
    id,
    project,
    model,
    gpus: roll.pick([1, 1, 1, 2, 2, 4, 4, 8]),
    createdAt,
    startedAt: null,
    error: null,
    backendId: String(roll.between(1e9, 9e9)),
    artifactUri: `gs://sample-artifacts/${project}/${id}/`,
    artifactBytes: null,
  };
}

import type { JobState } from '../../../functions/shared/model/job/states.ts';
import type { CustomJob } from '../stand-ins/google/world.ts';
import type { SampleJob } from './job.ts';

/** Where the sample jobs run. */
export const TRAINING_REGION = 'us-central1';

const STATES: Record<JobState, string> = {
  queued: 'JOB_STATE_PENDING',
  running: 'JOB_STATE_RUNNING',
  suspended: 'JOB_STATE_PAUSED',
  completed: 'JOB_STATE_SUCCEEDED',
  failed: 'JOB_STATE_FAILED',
  cancelled: 'JOB_STATE_CANCELLED',
};

/** What Vertex AI has of the sample jobs: what their records say, but where they lie. */
export function sampleCustomJobs(jobs: readonly SampleJob[]): CustomJob[] {
  return jobs.flatMap(({ backendId: id, fate, status, createdAt, startedAt, endedAt, error }) => {
    if (id === null || createdAt === null || status === 'unknown') return [];
    if (fate === 'gone' || fate === 'silence') return [];
    const truth = fate
      ? { status: fate.status, endedAt: fate.at, error: fate.error }
      : { status, endedAt, error };
    const times = { createdAt, startedAt, endedAt: truth.endedAt };
    const labels = { 'wandb-run-id': runIdOf(id) };
    return [
      { id, region: TRAINING_REGION, state: STATES[truth.status], ...times, error: truth.error, labels },
    ];
  });
}

/** The run of W&B that a custom job is, by the label that a launch agent sets. */
export function runIdOf(customJob: string): string {
  return BigInt(customJob.replace(/\D/g, '')).toString(36).padStart(8, 'w').slice(-8);
}

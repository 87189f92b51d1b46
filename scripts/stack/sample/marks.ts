import { addMs, DAY_MS } from '../../../functions/shared/dates.ts';
import type { JobState } from '../../../functions/shared/model/job/states.ts';

/** What is told of a job's artifacts beyond what its course tells. */
export interface Marks {
  registeredModel?: string;
  keepUntil?: Date;
  /** The id of the job that it began from, or the URI of artifacts. */
  resumedFrom?: string;
  /** One of its objects that is on hold. */
  heldObject?: string;
  /** An object that somebody wrote below its URI after its end. */
  lateObject?: string;
}

type Changes = Marks & { artifactUri?: string };

/** What of a job decides over its marks. */
interface Markable {
  id: string;
  model: string;
  status: JobState | 'unknown';
  endedAt: Date | null;
  artifactUri: string | null;
}

/** Long enough ago that no age keeps the artifacts of whatever ended then. */
const OLD_MS = 9 * DAY_MS;

/**
 * The jobs with all that may keep artifacts and all that may be wrong with them, on a few each: registered models, pins, a
 * chain of jobs that each began from the one before, a sweep whose trials lie in one folder, an object on hold and one
 * written late, a protected folder, buckets where nothing can be deleted, and a URI that names a whole bucket.
 */
export function withMarks<J extends Markable>(jobs: readonly J[], now: Date): (J & Marks)[] {
  const marks = marksOf(jobs, now);
  return jobs.map((job) => ({ ...job, ...marks.get(job.id) }));
}

/** Jobs that ended so long ago that no age keeps what they left. */
export function oldJobs<J extends Markable>(jobs: readonly J[], now: Date): J[] {
  return jobs.filter(
    ({ artifactUri, endedAt }) => artifactUri && endedAt && now.getTime() - endedAt.getTime() > OLD_MS,
  );
}

function marksOf(jobs: readonly Markable[], now: Date): Map<string, Changes> {
  const old = oldJobs(jobs, now);
  const took = (status: JobState) => old.filter((job) => job.status === status).values();
  const [successes, failures] = [took('completed'), took('failed')];
  const young = jobs
    .filter(({ status, endedAt }) => status === 'completed' && Number(now) - Number(endedAt) < 4 * DAY_MS)
    .values();
  const marks = new Map<string, Changes>();
  /** Marks the next job of `some` that is not marked yet. */
  const mark = (some: Iterator<Markable>, how: (job: Markable) => Changes): Markable => {
    const { value: job, done } = some.next();
    if (done) throw new RangeError('The sample has too few jobs for all that may become of their artifacts');
    marks.set(job.id, how(job));
    return job;
  };
  const inDays = (days: number) => addMs(now, days * DAY_MS);

  mark(successes, ({ model }) => ({ registeredModel: `${model}-v3` }));
  mark(successes, ({ model }) => ({ registeredModel: `${model}-v4` }));
  mark(successes, () => ({ keepUntil: inDays(60) }));
  mark(failures, () => ({ keepUntil: inDays(5) }));
  mark(failures, () => ({ keepUntil: inDays(-1) }));

  const first = mark(successes, () => ({}));
  const second = mark(successes, () => ({ resumedFrom: first.id }));
  mark(young, () => ({ resumedFrom: second.id }));
  const base = mark(successes, () => ({}));
  mark(young, () => ({ resumedFrom: `${base.artifactUri}checkpoints/` }));

  const sweep = 'gs://sample-artifacts/churn-forecast/sweeps/learning-rate/';
  mark(successes, () => ({ artifactUri: sweep }));
  mark(failures, () => ({ artifactUri: `${sweep}trial-1/` }));
  mark(successes, () => ({ artifactUri: `${sweep}trial-2` }));
  mark(young, () => ({ artifactUri: `${sweep}trial-3/` }));

  mark(failures, () => ({ heldObject: 'metrics.jsonl' }));
  mark(successes, () => ({ lateObject: 'rescored.parquet' }));
  mark(successes, ({ id }) => ({ artifactUri: `gs://sample-artifacts/baselines/${id}/` }));
  for (const some of [successes, failures])
    mark(some, ({ id }) => ({ artifactUri: `gs://sample-exports/batch-scores/${id}/` }));
  mark(successes, ({ id }) => ({ artifactUri: `gs://sample-checkpoints/handed-over/${id}/` }));
  mark(failures, () => ({ artifactUri: 'gs://sample-artifacts/' }));
  return marks;
}

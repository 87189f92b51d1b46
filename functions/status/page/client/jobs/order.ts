import type { JobAnswer } from '../../../api/job-schemas.ts';
import { isOff } from '../../../rules/is-off.ts';

/** How the list is sorted: what differs first, then what is over a limit; by name, or by when a job began; `-` turns that round. */
export const JOB_SORTINGS = ['', 'job', '-job', 'since', '-since'] as const;
export type JobSorting = (typeof JOB_SORTINGS)[number];

/** Since when a job runs, or waits; `null` where its record does not say. */
export function begunAt({ record }: JobAnswer): string | null {
  return record.startedAt ?? record.createdAt;
}

/** The jobs in order; one that does not say since when comes last. */
export function orderedJobs(jobs: readonly JobAnswer[], sorting: JobSorting): JobAnswer[] {
  const rank = (job: JobAnswer) => (job.agrees ? (isOff(job) ? 1 : 2) : 0);
  if (sorting === '') return jobs.toSorted((a, b) => rank(a) - rank(b));
  const by = sorting.endsWith('job') ? (job: JobAnswer) => job.id : begunAt;
  const turn = sorting.startsWith('-') ? -1 : 1;
  return jobs.toSorted((a, b) => {
    const [x, y] = [by(a), by(b)];
    if (x === null || y === null) return Number(x === null) - Number(y === null);
    return x === y ? 0 : x < y ? -turn : turn;
  });
}

/** The jobs that have `text` in their name, source, project or type. */
export function jobsWith(jobs: readonly JobAnswer[], text: string): JobAnswer[] {
  const wanted = text.trim().toLowerCase();
  return jobs.filter(({ id, source, project, type }) =>
    `${id} ${source} ${project ?? ''} ${type ?? ''}`.toLowerCase().includes(wanted),
  );
}

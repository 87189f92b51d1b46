import type { HeldRecord } from '../shared/store/sources/reported-jobs.ts';

/** A job's record and those of its executions, as this instance wrote or read them last. */
export interface HeldJob {
  job: HeldRecord;
  /** By their paths. */
  executions: Map<string, HeldRecord>;
}

/** Keeps the jobs that were reported last, so that a beat costs one write and no read. A write tells whether one is stale. */
export interface HeldJobs {
  get(id: string): HeldJob | undefined;
  keep(id: string, held: HeldJob): void;
  forget(id: string): void;
}

/** At most so many executions of a job are held. */
const EXECUTIONS_HELD = 5;

export function heldJobs(most: number): HeldJobs {
  const jobs = new Map<string, HeldJob>();
  return {
    get: (id) => jobs.get(id),

    keep(id, { job, executions }) {
      jobs.delete(id);
      jobs.set(id, { job, executions: new Map([...executions].slice(-EXECUTIONS_HELD)) });
      const [oldest] = jobs.keys();
      if (jobs.size > most && oldest !== undefined) jobs.delete(oldest);
    },

    forget: (id) => void jobs.delete(id),
  };
}

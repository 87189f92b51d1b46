import type { JobAnswer } from '../api/job-schemas.ts';

/** Whether something is off with a job: its record is not to be believed, or a limit was broken. A page decides it, too. */
export function isOff({ agrees, verdict }: Pick<JobAnswer, 'agrees' | 'verdict'>): boolean {
  return !agrees || verdict.brokenAt !== null;
}

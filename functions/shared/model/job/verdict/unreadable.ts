import type { Job, ReadField, Unreadable } from '../job.ts';
import type { Suspect } from '../sweep.ts';

/** Fields of an execution by which its job is judged. */
const OF_EXECUTIONS: readonly ReadField[] = ['startedAt', 'heartbeatAt', 'endedAt', 'report'];

/**
 * Which values that decide about a suspect cannot be read, in words; `null` where all can be. A value that is there and
 * cannot be read may be a sign of life. An error, a project or a number of GPUs decides nothing.
 */
export function unreadableOf({ job, vital, executions, parent }: Suspect): string | null {
  const dates: ReadField[] =
    job.state === 'queued' ? ['createdAt', 'updatedAt'] : job.startedAt ? [] : ['createdAt'];
  const own = among(job, [...vital, ...dates, 'report']).map(told);
  const below = (executions ?? []).flatMap((execution) =>
    among(execution, OF_EXECUTIONS).map((it) => `of its execution ${execution.id}, ${told(it)}`),
  );
  // An execution without a name of its own at the backend goes by its job's.
  const fromJob = parent && job.backendId === null && vital.includes('backendId');
  const above = fromJob
    ? among(parent, ['backendId']).map((it) => `of its job ${parent.id}, ${told(it)}`)
    : [];
  const all = [...own, ...below, ...above];
  return all.length > 0 ? all.join('; ') : null;
}

/** Which values of the job of an execution, that may be a sign of life, cannot be read, in words; `null` where all can be. */
export function unreadableLife(job: Job): string | null {
  const all = among(job, ['status', 'heartbeatAt', 'report']).map(told);
  return all.length > 0 ? `its ${all.join('; ')}` : null;
}

function among({ unreadable }: Job, fields: readonly ReadField[]): Unreadable[] {
  return unreadable.filter(({ field }) => fields.includes(field));
}

function told({ field, why }: Unreadable): string {
  return `${field} cannot be read: ${why}`;
}

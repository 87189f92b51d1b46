import type { ArtifactPolicy } from '../../shared/model/cleanup/policy.ts';
import { isTerminal, type Job, type ReadField } from '../../shared/model/job/job.ts';
import { isAfter } from './holds.ts';

const DECIDING: readonly ReadField[] = ['status', 'heartbeatAt', 'endedAt', 'report'];

/** Returns why an ended job goes on, or went on after its end, by its executions; `undefined` where it did not. */
export function signOfLife(
  executions: readonly Job[],
  end: Date,
  policy: ArtifactPolicy,
): string | undefined {
  for (const { id, state, status, unreadable, startedAt, heartbeatAt, endedAt, added } of executions) {
    const [fault] = unreadable.filter(({ field }) => DECIDING.includes(field));
    if (fault) return `the ${fault.field} of its execution ${id} cannot be read: ${fault.why}`;
    if (!isTerminal(state))
      return `its execution ${id} is ${state === 'unknown' ? `of the unknown status ${JSON.stringify(status)}` : state}`;
    const late = [startedAt, heartbeatAt, endedAt, added.report?.aliveAt].find(
      (at) => at && isAfter(at, end, policy),
    );
    if (late) return `its execution ${id} was alive at ${late.toISOString()}, after its end`;
  }
  return undefined;
}

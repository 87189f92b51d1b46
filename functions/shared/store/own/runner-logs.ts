import { SECOND_MS } from '../../dates.ts';
import { messageOf } from '../../errors.ts';
import type { Log } from '../../log.ts';
import { endKey, endSchema } from '../../model/workload/end.ts';
import { decode, withTimeout } from '../firestore/firestore.ts';
import type { Collections } from './collections.ts';

const LIMIT_MS = 2 * SECOND_MS;

/** What observe-workloads has kept of the logs of a runner's executions. */
export function runnerLogs({ workloadEnds }: Collections, log: Log) {
  return {
    /** Returns the last lines of a log; `null` where it was not read, had none, or its record does not answer: it can be read again. */
    async linesOf({ region, uid }: { region: string; uid: string }): Promise<readonly string[] | null> {
      const key = endKey('runner', { region, id: uid });
      try {
        const document = await withTimeout(log, 'workload end', LIMIT_MS, workloadEnds.doc(key).get());
        if (!document.exists) return null;
        const { log: state, tail } = decode(endSchema, document);
        return state === 'read' && tail.length > 0 ? tail : null;
      } catch (error) {
        log.warning(`Cannot read workloadEnds/${key}, so the log itself is read: ${messageOf(error)}`);
        return null;
      }
    },
  };
}

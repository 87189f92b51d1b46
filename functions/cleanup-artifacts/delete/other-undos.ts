import { pooledMap } from '../../shared/concurrency.ts';
import type { Journal } from '../../shared/model/cleanup/cleanup.ts';
import type { CleanupTools } from '../session.ts';
import { begunIn } from './restore-begun.ts';

/** The newest plans, of more days than any bucket keeps what was deleted. */
const PLANS = 1_000;
const AT_ONCE = 4;

/** What undos of another run have done to one of the objects that it deleted. */
export interface Trace {
  generation: string;
  restoredAs: string | null;
  begun: readonly Date[];
}

/** Returns what undos of all other runs have done to a name. */
export type OtherUndos = (bucket: string, name: string) => Promise<readonly Trace[]>;

/** Reads the journals of all runs but `runId` once, as soon as anything of them is asked for. */
export function otherUndos(
  runId: string,
  { plans, journal }: Pick<CleanupTools, 'plans' | 'journal'>,
  signal: AbortSignal,
): OtherUndos {
  let read: Promise<Map<string, Trace[]>> | undefined;

  async function readAll(): Promise<Map<string, Trace[]>> {
    const traces = new Map<string, Trace[]>();
    const ids = (await plans.newest(PLANS)).filter(({ deletes }) => deletes > 0).map(({ planId }) => planId);
    const runs = new Set((await pooledMap(ids, AT_ONCE, journal.runsOf)).flat());
    runs.delete(runId);
    await pooledMap([...runs], AT_ONCE, (run) => journal.ofRun(run, (entry) => note(entry, traces), signal));
    return traces;
  }

  return async (bucket, name) => {
    read ??= readAll();
    return (await read).get(`${bucket}/${name}`) ?? [];
  };
}

/** Keeps only what an undo began with: a run may have deleted very much. */
function note({ bucket, entries }: Journal, traces: Map<string, Trace[]>): void {
  for (const entry of entries) {
    const begun = begunIn(entry);
    if (entry.restoredAs === null && begun.length === 0) continue;
    const key = `${bucket}/${entry.name}`;
    const { generation, restoredAs } = entry;
    traces.set(key, [...(traces.get(key) ?? []), { generation, restoredAs, begun }]);
  }
}

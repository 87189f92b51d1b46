import { addMs, MINUTE_MS } from '../../shared/dates.ts';
import type { Row, StoredReason } from '../../shared/model/workload/row.ts';
import { LONGEST_SHOWN, shorten } from '../../shared/model/workload/shorten.ts';
import type { Snapshot } from '../../shared/model/workload/snapshot.ts';
import { standingAt } from '../../shared/model/workload/standing.ts';
import { CRASHED } from '../../shared/model/workload/tables/completed.ts';
import { FROM_VERTEX, isTold } from './why.ts';

/**
 * What Vertex AI knows of runs of W&B: the launch agent labels a custom job with its run. W&B calls a run crashed of which it
 * hears nothing, also where only the network is gone, and never learns why a job failed.
 */

/** Of a job that runs no later than now: it says nothing of an end. */
const RUNS_ON = 'vertex-runs-it';
/** So far apart the clocks of two platforms may be. */
const CLOCKS_MS = 10 * MINUTE_MS;
/** The words around a reason. */
const AROUND = 'preempted:  (Vertex)'.length;

/** The tables, those of W&B with what Vertex AI says of runs that failed. */
export function withVertex(tables: readonly Snapshot[], now: Date): Snapshot[] {
  const vertex = tables.find(({ table }) => table === 'vertex');
  const jobs = Map.groupBy(
    (vertex?.rows ?? []).filter(({ wandbRun }) => wandbRun !== null),
    ({ wandbRun }) => wandbRun,
  );
  return tables.map((snapshot) => {
    if (snapshot.table !== 'completed') return snapshot;
    const rows = snapshot.rows.map((row): Row => {
      const own = (jobs.get(row.id) ?? []).filter((job) => mayBe(row, job));
      const job = row.state === 'failed' ? newest(own) : undefined;
      const reason = job && reasonOf(row, job, standingAt(job, vertex?.regions[job.region], now).state);
      if (reason) return { ...row, reason, note: null };
      // What the console says is not needed any more.
      return isFromVertex(row) ? { ...row, note: null } : row;
    });
    return { ...snapshot, rows };
  });
}

/** Whether Vertex AI says why something ended, which is worth remembering. */
export function isFromVertex({ reason }: Row): boolean {
  return reason?.source === FROM_VERTEX && reason.rule !== RUNS_ON;
}

/** Whether a job lived while a run did: runs of two projects may have one id, and a run of before as well. */
function mayBe(run: Row, job: Row): boolean {
  const begunAt = run.startedAt ?? run.createdAt;
  const isLater = job.createdAt && run.endedAt && job.createdAt > addMs(run.endedAt, CLOCKS_MS);
  const isEarlier = job.endedAt && begunAt && addMs(job.endedAt, CLOCKS_MS) < begunAt;
  return !isLater && !isEarlier;
}

/** A run that was launched again has a job of each time. */
function newest(jobs: readonly Row[]): Row | undefined {
  return jobs.toSorted((a, b) => timeOf(b) - timeOf(a))[0];
}

function timeOf({ createdAt }: Row): number {
  return createdAt?.getTime() ?? 0;
}

/** What a job says of its run; `null` where that says more itself. `state` is what is known of the job now. */
function reasonOf(run: Row, job: Row, state: Row['state']): StoredReason | null {
  const is = /^\w+/.exec(run.said)?.[0] ?? run.state;
  if (is === CRASHED && state === 'running')
    return {
      line: 'crashed, but Vertex AI still runs it',
      category: 'unknown',
      source: FROM_VERTEX,
      rule: RUNS_ON,
    };
  const { reason } = job;
  if (!reason || !isTold(reason) || isTold(run.reason)) return null;
  return {
    line: `${is}: ${shorten(reason.line, LONGEST_SHOWN - AROUND)} (Vertex)`,
    category: reason.category,
    source: FROM_VERTEX,
    rule: reason.rule,
  };
}

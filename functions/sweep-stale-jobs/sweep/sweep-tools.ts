import type { Backend } from '../../shared/cloud/backends/backend.ts';
import type { SweepCheckpoint, SweepCursor } from '../../shared/model/job/sweep-checkpoint.ts';
import type { RunContext } from '../../shared/run/task.ts';
import type { ReadOptions } from '../../shared/store/firestore/read-options.ts';
import type { DayStore } from '../../shared/store/own/days.ts';
import type { ReportChannelStore } from '../../shared/store/own/report-channels.ts';
import type { ActiveJobStore } from '../../shared/store/sources/active-jobs.ts';

/** A source of jobs, and the backend that runs them; `null` where the settings name none. */
export interface SweepSource {
  store: ActiveJobStore;
  backend: Backend | null;
}

/** The run that sweeps, and where it writes besides the source. */
export interface SweepTools {
  run: RunContext<unknown>;
  days: DayStore;
  options: ReadOptions & { signal: AbortSignal };
  /** Whether reports of each source arrive. */
  channels: Pick<ReportChannelStore, 'look'>;
  /** Between two sweeps, by the schedule. */
  intervalMs: number;
  now: () => Date;
}

/** Which jobs of a source are swept. */
export interface Scope {
  checkpoint: SweepCheckpoint;
  /** Where to begin; `null` at the head. */
  from: SweepCursor | null;
  /** Only jobs that have been silent for at least so long. */
  olderThanMs?: number | undefined;
}

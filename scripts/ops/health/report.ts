import type { JobHealth } from '../../../functions/shared/model/job/sweep.ts';
import type { Alarm } from '../../../functions/shared/model/run/alarm.ts';
import { plural, relative } from '../../words/figures.ts';
import type { TaskRow } from '../tasks/task-row.ts';

/** What is known of the platform at one instant. */
export interface Known {
  tasks: readonly TaskRow[];
  alarms: readonly Alarm[];
  /** By source; `undefined` where no sweep has looked yet. */
  blocks: ReadonlyMap<string, JobHealth | undefined>;
  /** How often the sweep looks; `null` where it is not enabled. */
  sweepEveryMs: number | null;
  now: Date;
}

/** How the jobs of a source stand, and what is wrong with that. */
export type SourceHealth = { source: string; wrong: string[] } & (Omit<JobHealth, 'source'> | { at: null });

/** How everything stands. */
export interface HealthReport {
  ok: boolean;
  /** What is wrong, each in a few words. */
  wrong: string[];
  sources: SourceHealth[];
  tasks: Pick<TaskRow, 'task' | 'state' | 'reason' | 'running'>[];
  alarms: Alarm[];
}

/** Older than so many sweeps, a block says nothing about now. */
const SWEEPS = 3;
const WRONG_STATES: readonly string[] = ['stuck', 'failing', 'late'];

/**
 * Judges what is known: a task that is stuck, failing or late is wrong, an open alarm, a stale job, and jobs that no sweep
 * has looked at lately.
 */
export function healthReport({ tasks, alarms, blocks, sweepEveryMs, now }: Known): HealthReport {
  const sources = [...blocks].map(([source, block]): SourceHealth => {
    const wrong = wrongOf(block, sweepEveryMs, now);
    return block ? { ...block, source, wrong } : { source, wrong, at: null };
  });
  const wrong = [
    ...tasks.flatMap(({ task, state, reason }) =>
      WRONG_STATES.includes(state) ? [`${task} is ${state} (${reason})`] : [],
    ),
    ...sources.flatMap(({ source, wrong }) => wrong.map((words) => `${source}: ${words}`)),
    ...(alarms.length > 0 ? [plural(alarms.length, 'open alarm')] : []),
  ];
  return {
    ok: wrong.length === 0,
    wrong,
    sources,
    tasks: tasks.map(({ task, state, reason, running }) => ({ task, state, reason, running })),
    alarms: [...alarms],
  };
}

function wrongOf(block: JobHealth | undefined, sweepEveryMs: number | null, now: Date): string[] {
  if (!block) return ['no sweep has looked at it yet'];
  const age = now.getTime() - block.at.getTime();
  const tooOld = sweepEveryMs === null || age > SWEEPS * sweepEveryMs;
  return [
    ...(block.stale > 0 ? [plural(block.stale, 'stale job')] : []),
    ...(block.falseLost > 0 ? [`${block.falseLost} of ${block.watched} that the sweep ended lived`] : []),
    ...(tooOld ? [`last looked at ${relative(block.at, now)}`] : []),
  ];
}

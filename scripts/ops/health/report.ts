import type { JobHealth } from '../../../functions/shared/model/job/sweep.ts';
import { type Alarm, type AlarmKind, muteAt } from '../../../functions/shared/model/run/alarm.ts';
import type { HealthState } from '../../../functions/shared/model/run/health-state.ts';
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
  /** The open ones; those that are muted come last. */
  alarms: Alarm[];
  /** How many of the open alarms are muted. */
  muted: number;
}

/** Older than so many sweeps, a block says nothing about now. */
const SWEEPS = 3;
/** The states of a task that are wrong, each with the alarm that is about the same. */
const WRONG_STATES: Partial<Record<HealthState, AlarmKind>> = {
  stuck: 'stuck',
  failing: 'failing',
  late: 'missed',
};

/**
 * Judges what is known: a task that is stuck, failing or late is wrong, an open alarm, a stale job, and jobs that no sweep
 * has looked at lately. A muted alarm is not, nor a task that is wrong in no other way than a muted alarm says.
 */
export function healthReport({ tasks, alarms, blocks, sweepEveryMs, now }: Known): HealthReport {
  const muted = alarms.filter((alarm) => muteAt(alarm, now));
  const loud = alarms.filter((alarm) => !muteAt(alarm, now));
  const isMuted = (about: string, kind: AlarmKind) =>
    muted.some((alarm) => alarm.subject === about && alarm.kind === kind);
  const sources = [...blocks].map(([source, block]): SourceHealth => {
    const known = block && { ...block, falseLost: isMuted(source, 'found-alive') ? 0 : block.falseLost };
    const wrong = wrongOf(known, sweepEveryMs, now);
    return block ? { ...block, source, wrong } : { source, wrong, at: null };
  });
  const wrong = [
    ...tasks.flatMap(({ task, state, reason }) => {
      const kind = WRONG_STATES[state];
      return kind && !isMuted(task, kind) ? [`${task} is ${state} (${reason})`] : [];
    }),
    ...sources.flatMap(({ source, wrong }) => wrong.map((words) => `${source}: ${words}`)),
    ...(loud.length > 0 ? [plural(loud.length, 'open alarm')] : []),
  ];
  return {
    ok: wrong.length === 0,
    wrong,
    sources,
    tasks: tasks.map(({ task, state, reason, running }) => ({ task, state, reason, running })),
    alarms: [...loud, ...muted],
    muted: muted.length,
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

import type { JobHealth } from '../job/sweep.ts';
import type { Alarm, AlarmKind } from './alarm.ts';
import { loudFirst } from './alarm-rank.ts';
import {
  CLOCK_SKEW_MS,
  type HealthNow,
  type HealthState,
  type TimeWords,
  timesUntil,
} from './health-state.ts';

/** How one task stands. */
export interface TaskState extends HealthNow {
  task: string;
}

/** What is known of the platform at one instant. */
export interface Known {
  tasks: readonly TaskState[];
  /** The open ones. */
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
  tasks: TaskState[];
  /** The open ones, the worst first; those that are muted come last. */
  alarms: Alarm[];
  /** How many of the open alarms are muted. */
  muted: number;
}

/** Older than so many sweeps, a block says nothing about now. */
const SWEEPS = 3;
/** The states of a task that are wrong, each with the alarm that is about the same, where there is one. */
const WRONG_STATES: Partial<Record<HealthState, AlarmKind | null>> = {
  stuck: 'stuck',
  failing: 'failing',
  unknown: null,
  late: 'missed',
};

/**
 * Judges what is known: a task that is stuck, failing, unknown or late is wrong, an open alarm, a stale job, and jobs that no sweep
 * has looked at lately. A muted alarm is not, nor a task that is wrong in no other way than a muted alarm says.
 */
export function healthReport(known: Known, times: TimeWords = timesUntil(known.now)): HealthReport {
  const { tasks, alarms, blocks, sweepEveryMs, now } = known;
  const { loud, muted } = loudFirst(alarms, now);
  const isMuted = (about: string, kind: AlarmKind | null) =>
    muted.some((alarm) => alarm.subject === about && alarm.kind === kind);
  const sources = [...blocks].map(([source, block]): SourceHealth => {
    const heard = block && { ...block, falseLost: isMuted(source, 'found-alive') ? 0 : block.falseLost };
    const wrong = wrongOf(heard, sweepEveryMs, now, times);
    return block ? { ...block, source, wrong } : { source, wrong, at: null };
  });
  const wrong = [
    ...tasks.flatMap(({ task, state, reason }) => {
      const kind = WRONG_STATES[state];
      return kind !== undefined && !isMuted(task, kind) ? [`${task} is ${state} (${reason})`] : [];
    }),
    ...sources.flatMap(({ source, wrong }) => wrong.map((words) => `${source}: ${words}`)),
    ...(loud.length > 0 ? [counted(loud.length, 'open alarm')] : []),
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

/** When a block of that instant says nothing about now any more. */
export function outdatedAt(at: Date, sweepEveryMs: number): Date {
  return new Date(at.getTime() + SWEEPS * sweepEveryMs);
}

function wrongOf(
  block: JobHealth | undefined,
  sweepEveryMs: number | null,
  now: Date,
  times: TimeWords,
): string[] {
  if (!block) return ['no sweep has looked at it yet'];
  const isAhead = block.at.getTime() > now.getTime() + CLOCK_SKEW_MS;
  const tooOld = sweepEveryMs === null || now > outdatedAt(block.at, sweepEveryMs);
  return [
    ...(block.stale > 0 ? [counted(block.stale, 'stale job')] : []),
    ...(block.falseLost > 0
      ? [`${block.falseLost} of ${block.watched} that the sweep ended were ended wrongly`]
      : []),
    ...(tooOld ? [`last looked at ${times.at(block.at)}`] : []),
    ...(isAhead ? ['last looked at in the future: a clock is off'] : []),
  ];
}

function counted(count: number, one: string): string {
  return `${count.toLocaleString('en-US')} ${one}${count === 1 ? '' : 's'}`;
}

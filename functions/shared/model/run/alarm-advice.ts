import type { Alarm, AlarmKind } from './alarm.ts';
import { furtherCommand } from './alarm-rank.ts';

/** What to do about an alarm, and the command for it, or the one that shows what it is about. */
export interface Advice {
  words: string;
  command: string;
}

/** In a sentence each; scripts/README.md, "An alarm", has it at length. */
const WORDS: Record<AlarmKind, string> = {
  failing: 'Read its last error, correct the cause, then run it.',
  stuck: 'Nothing yet: the next delivery takes over once the lease has expired.',
  missed: 'Run it to do its duty now.',
  'schedule-drift': 'Resume the job in Cloud Scheduler, or apply Terraform again.',
  overdue: 'Stop these jobs where they run, or raise maxRuntimeHours of their type.',
  stalled:
    'Look at their logs: a hung collective, a full disk or a slow input; else raise stalledAfterMinutes.',
  'long-running': 'See whether a queue drains too slowly; else raise longRunning.jobs of the source.',
  'backend-unknown':
    'Find out why: mostly a permission, a field that cannot be read, or a clock in another zone.',
  'found-alive': 'Take the verdict back, then correct the limit or the clock that its evidence names.',
  'double-run': 'Stop the older execution where it runs: both write the same artifacts.',
  'sweeper-blind': 'Look at the platform, not at the jobs. The alarm closes by itself.',
  guard: 'Nothing was deleted. Look at the plan, then approve it, or correct what tripped the guard.',
  approval: 'Nothing was deleted. Look at the plan, then approve it.',
  conflict: 'Restore the records that vanished, or accept the day as it is now.',
  'source-failing': 'Correct what the error names; the next run brings the figures.',
  'prune-lag': 'Correct what the problems of its last run name.',
};

/** What to do about an alarm. */
export function adviceOn(alarm: Pick<Alarm, 'kind' | 'subject' | 'brokenAt'>): Advice {
  const { kind, subject } = alarm;
  const runs = kind === 'failing' || kind === 'missed';
  return { words: WORDS[kind], command: runs ? `npm run -s ops -- run ${subject}` : furtherCommand(alarm) };
}

import { addMs, dayOf, SECOND_MS } from '../../dates.ts';
import { type Alarm, type AlarmKind, muteAt } from './alarm.ts';

/** How bad an alarm is: a duty is not done; a person should look; a person is waited for, or may want to know. */
export const SEVERITIES = ['critical', 'warning', 'notice'] as const;
export type Severity = (typeof SEVERITIES)[number];

const SEVERITY_OF: Record<AlarmKind, Severity> = {
  'sweeper-blind': 'critical',
  stuck: 'critical',
  missed: 'critical',
  failing: 'critical',
  'found-alive': 'critical',
  'double-run': 'critical',
  conflict: 'warning',
  'source-failing': 'warning',
  'backend-unknown': 'warning',
  'prune-lag': 'warning',
  'schedule-drift': 'warning',
  guard: 'notice',
  approval: 'notice',
  overdue: 'notice',
  'long-running': 'notice',
  stalled: 'warning',
};

/** How bad alarms of a kind are. */
export function severityOf(kind: AlarmKind): Severity {
  return SEVERITY_OF[kind];
}

/** The worst first, and of those that are equally bad the oldest. */
export function worstFirst(alarms: readonly Alarm[]): Alarm[] {
  const rank = ({ kind }: Alarm) => SEVERITIES.indexOf(severityOf(kind));
  return alarms.toSorted((a, b) => rank(a) - rank(b) || a.brokenAt.getTime() - b.brokenAt.getTime());
}

/** The same, but those that are muted at `now` come last. */
export function loudFirst(alarms: readonly Alarm[], now: Date): { loud: Alarm[]; muted: Alarm[] } {
  const { loud = [], muted = [] } = Object.groupBy(worstFirst(alarms), (alarm) =>
    muteAt(alarm, now) ? 'muted' : 'loud',
  );
  return { loud, muted };
}

/** The command that shows more of what an alarm is about. */
export function furtherCommand({
  kind,
  subject,
  brokenAt,
}: Pick<Alarm, 'kind' | 'subject' | 'brokenAt'>): string {
  return `npm run -s ops -- ${further(kind, subject, brokenAt)}`;
}

function further(kind: AlarmKind, subject: string, brokenAt: Date): string {
  switch (kind) {
    case 'failing':
    case 'stuck':
    case 'missed':
      return `runs ${subject}`;
    case 'prune-lag':
      return 'runs prune-records';
    case 'source-failing':
      return 'runs collect-metrics';
    case 'conflict':
      // Dated at the end of its day, which is the first instant of the next one.
      return `days ${dayOf(addMs(brokenAt, -SECOND_MS))}`;
    case 'guard':
    case 'approval':
      return 'cleanup plans';
    case 'backend-unknown':
      return `sweep --dry-run --source ${subject}`;
    case 'sweeper-blind':
      return 'sweep --dry-run';
    case 'found-alive':
    case 'double-run':
    case 'overdue':
    case 'long-running':
    case 'stalled':
      return `jobs --source ${subject}`;
    case 'schedule-drift':
      return 'schedules';
  }
}

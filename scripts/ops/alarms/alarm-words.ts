import { addMs, dayOf, SECOND_MS } from '../../../functions/shared/dates.ts';
import { type Alarm, type AlarmKind, type Mute, muteAt } from '../../../functions/shared/model/run/alarm.ts';
import { entriesInWords, lineWidth } from '../../words/entries.ts';
import { relative, sameTimes, stamp } from '../../words/figures.ts';
import { table } from '../../words/table.ts';
import { oneLine, paint, shellQuoted } from '../../words/terminal.ts';

/** How bad an alarm is, the worst first: a task is not done, a person is waited for, something is worth a look. */
const RANKS: Record<AlarmKind, number> = {
  'sweeper-blind': 0,
  stuck: 0,
  missed: 0,
  failing: 0,
  conflict: 1,
  'source-failing': 1,
  'backend-unknown': 1,
  'found-alive': 0,
  'prune-lag': 1,
  'schedule-drift': 1,
  guard: 2,
  approval: 2,
  overdue: 2,
  'long-running': 2,
};
const COLORS = [paint.red, paint.yellow, paint.cyan];

/** The worst first, and of those that are equally bad the oldest. */
export function worstFirst(alarms: readonly Alarm[]): Alarm[] {
  return alarms.toSorted(
    (a, b) => RANKS[a.kind] - RANKS[b.kind] || a.brokenAt.getTime() - b.brokenAt.getTime(),
  );
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
    case 'overdue':
    case 'long-running':
      return `jobs --source ${subject}`;
    case 'schedule-drift':
      return 'schedules';
  }
}

/** Alarms as a table, each with what it says, its id, its run and where to look further below. */
export function alarmsInWords(alarms: readonly Alarm[], now: Date): string[] {
  return table(
    [{ title: 'KIND' }, { title: 'SUBJECT' }, { title: 'SINCE' }, { title: '' }, { title: '' }],
    alarms.map((alarm) => [
      kindOf(alarm, now),
      oneLine(alarm.subject),
      stamp(alarm.brokenAt),
      paint.dim(relative(alarm.brokenAt, now)),
      standingOf(alarm, now),
    ]),
    {
      below: alarms.map((alarm) => [
        `  ${sameTimes(oneLine(alarm.message))}`,
        paint.dim(`  ${oneLine(alarm.id)}`),
        ...(alarm.runId ? [paint.dim(`  run ${oneLine(alarm.runId)}`)] : []),
        ...mutedLines(alarm, now),
        ...(alarm.closedAt
          ? [paint.dim(`  closed because ${becauseOf(alarm)}`)]
          : [`  ${paint.cyan(furtherCommand(alarm))}`]),
      ]),
    },
  );
}

/** One alarm whole, with what can be done about it. */
export function alarmInWords(alarm: Alarm, now: Date): string[] {
  const { id, subject, message, brokenAt, openedAt, closedAt, runId } = alarm;
  const mute = muteAt(alarm, now);
  const since = (instant: Date) => `${stamp(instant)}, ${relative(instant, now)}`;
  const facts: [label: string, text: string | null][] = [
    ['Says', sameTimes(message)],
    ['Subject', subject],
    ['Since', since(brokenAt)],
    ['Opened', since(openedAt)],
    ['Closed', closedAt && `${since(closedAt)}: ${becauseOf(alarm)}`],
    ['Muted', mute && muteInWords(mute)],
  ];
  const act = (words: string) => (closedAt ? null : `npm run -s ops -- alarms ${words}`);
  const commands: [label: string, text: string | null][] = [
    ['Run', runId],
    ['Further', closedAt ? null : furtherCommand(alarm)],
    ['Close it', act(`close ${shellQuoted(id)} --reason TEXT`)],
    mute
      ? ['Unmute it', act(`unmute ${shellQuoted(id)}`)]
      : ['Mute it', act(`mute ${shellQuoted(id)} --for 8h --reason TEXT`)],
  ];
  const entries = (all: typeof facts, verbatim: boolean) =>
    all.flatMap(([label, text]) => (text === null ? [] : [{ label, lines: [oneLine(text)], verbatim }]));
  return [
    `${kindOf(alarm, now)}  ${paint.bold(oneLine(id))}`,
    '',
    ...entriesInWords([...entries(facts, false), ...entries(commands, true)], lineWidth()),
  ];
}

/** The kind in the colour of how bad it is; one that is over or muted worries less. */
function kindOf(alarm: Alarm, now: Date): string {
  const color = alarm.closedAt || muteAt(alarm, now) ? paint.dim : COLORS[RANKS[alarm.kind]];
  return (color ?? paint.red)(alarm.kind);
}

function standingOf(alarm: Alarm, now: Date): string {
  const mute = muteAt(alarm, now);
  if (mute) return `muted until ${stamp(mute.until)}`;
  return alarm.closedAt ? `closed ${stamp(alarm.closedAt)}` : '';
}

function mutedLines(alarm: Alarm, now: Date): string[] {
  const mute = muteAt(alarm, now);
  return mute ? [paint.dim(`  muted ${muteInWords(mute)}`)] : [];
}

/** Until when an alarm is muted, by whom, and why. */
export function muteInWords({ until, by, reason }: Mute): string {
  return oneLine(`until ${stamp(until)} by ${by}: ${reason}`);
}

function becauseOf({ closedBecause }: Alarm): string {
  return oneLine(closedBecause ?? 'nobody said why');
}

import { type Alarm, type Mute, muteAt } from '../../../functions/shared/model/run/alarm.ts';
import { furtherCommand, type Severity, severityOf } from '../../../functions/shared/model/run/alarm-rank.ts';
import { entriesInWords, lineWidth } from '../../words/entries.ts';
import { relative, sameTimes, stamp } from '../../words/figures.ts';
import { table } from '../../words/table.ts';
import { oneLine, paint, shellQuoted } from '../../words/terminal.ts';

const COLORS: Record<Severity, (text: string) => string> = {
  critical: paint.red,
  warning: paint.yellow,
  notice: paint.cyan,
};

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
  const color = alarm.closedAt || muteAt(alarm, now) ? paint.dim : COLORS[severityOf(alarm.kind)];
  return color(alarm.kind);
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

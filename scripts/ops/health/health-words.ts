import type { HealthReport, SourceHealth } from '../../../functions/shared/model/run/health-report.ts';
import { figure, plural, relative, sameTimes, UNKNOWN } from '../../words/figures.ts';
import { table } from '../../words/table.ts';
import { firstLine, oneLine, paint } from '../../words/terminal.ts';
import { alarmsInWords } from '../alarms/alarm-words.ts';
import { stateWord } from '../tasks/task-words.ts';

/** The most open alarms that are shown; `ops alarms` shows all. */
const ALARMS_SHOWN = 5;

/** A report as a person reads it; its first line alone says whether anything is wrong, and what. */
export function healthInWords(report: HealthReport, now: Date): string[] {
  const { ok, wrong, sources, tasks, alarms, muted } = report;
  const more = alarms.length - ALARMS_SHOWN;
  return [
    ok
      ? paint.green(`ok: nothing is wrong${muted > 0 ? `; ${plural(muted, 'open alarm')} muted` : ''}`)
      : paint.red(`wrong: ${sameTimes(oneLine(wrong.join('; ')))}`),
    '',
    ...sourcesInWords(sources, now),
    '',
    ...table(
      [{ title: 'TASK' }, { title: 'STATE' }, { title: 'WHY' }],
      tasks.map(({ task, state, reason, running }) => [
        task,
        stateWord(state),
        `${sameTimes(firstLine(reason, 400))}${running && state !== 'running' ? '; a run is under way' : ''}`,
      ]),
    ),
    ...(alarms.length > 0 ? ['', ...alarmsInWords(alarms.slice(0, ALARMS_SHOWN), now)] : []),
    ...(more > 0 ? [paint.dim(`and ${plural(more, 'alarm')} more: npm run -s ops -- alarms`)] : []),
  ];
}

function sourcesInWords(sources: readonly SourceHealth[], now: Date): string[] {
  return table(
    [
      { title: 'JOBS OF' },
      ...[
        'RUNNING',
        'LONG-RUNNING',
        'SUSPENDED',
        'SCHEDULED',
        'LAST 24 H',
        'STALE',
        'UNKNOWN',
        'FALSE LOST',
      ].map((title) => ({ title, align: 'right' }) as const),
      { title: 'AS OF' },
    ],
    sources.map((one) =>
      one.at === null
        ? [one.source, ...Array(8).fill(UNKNOWN), 'no sweep yet']
        : [
            one.source,
            figure(one.running),
            count(one.longRunning, paint.yellow),
            figure(one.suspended),
            figure(one.scheduled),
            figure(one.recent24h),
            count(one.stale, paint.red),
            count(one.unknown, paint.yellow),
            wrongly(one),
            relative(one.at, now),
          ],
    ),
  );
}

function count(value: number, color: (text: string) => string): string {
  return value > 0 ? color(figure(value)) : figure(value);
}

/** How many of those that sweeps ended in the last day were ended wrongly, and how many that makes of a thousand. */
function wrongly({ falseLost, watched }: { falseLost: number; watched: number }): string {
  const share = falseLost > 0 ? `, ${figure(Math.round((falseLost / watched) * 1_000))} per 1,000` : '';
  return `${count(falseLost, paint.red)} of ${figure(watched)}${share}`;
}

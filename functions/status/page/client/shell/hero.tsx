import { useComputed, useSignalEffect } from '@preact/signals';
import { MINUTE_MS } from '../../../../shared/dates.ts';
import { duration } from '../../../../shared/figures.ts';
import type { StatusAnswer } from '../../../api/schemas.ts';
import { attentionAt, saidBy } from '../alarms/attention.ts';
import { now } from '../live/clock.ts';
import type { Feed } from '../live/feed.ts';
import { Icon } from '../parts/icon.tsx';
import type { IconName } from '../parts/shapes.ts';
import type { Tone } from '../parts/tone.ts';
import { badgeOf } from '../tasks/badge.ts';
import { type VerdictLine, verdictLine } from './verdict.ts';

const ICONS: Record<Tone, IconName> = {
  good: 'ok',
  warn: 'alarm',
  bad: 'failing',
  busy: 'running',
  calm: 'new',
};

/** The verdict: one sentence, also in the title of the window; screen readers hear only when it changes. */
export function Hero({ status }: { status: Feed<StatusAnswer> }) {
  const line = useComputed(() => JSON.stringify(lineOf(status)));
  useSignalEffect(() => {
    const { words }: VerdictLine = JSON.parse(line.value);
    document.title = `${words} - Nightshift`;
  });
  const { tone, words, rest }: VerdictLine = JSON.parse(line.value);
  const loading = status.answer.value === null && !status.trouble.value;
  return (
    <div class={`hero ${tone}`}>
      <Icon name={loading ? 'late' : ICONS[tone]} />
      <div>
        <div role="status">
          <h1>{words}</h1>
        </div>
        {rest && <p>{rest}</p>}
      </div>
    </div>
  );
}

function lineOf(status: Feed<StatusAnswer>): VerdictLine {
  const answer = status.answer.value;
  const trouble = status.trouble.value;
  if (!answer)
    return {
      tone: trouble ? 'warn' : 'calm',
      words: trouble ? 'Cannot see how things stand' : 'Loading',
      rest: trouble?.words ?? '',
    };
  const { data } = answer;
  const { alarms, sources, unreadable } = attentionAt(answer, now.value);
  return verdictLine({
    states: data.tasks.map((task) => badgeOf(task).value.state),
    alarms: alarms.filter(({ kind, subject }) => !saidBy(data, kind, subject)).length,
    critical: alarms.some(({ severity }) => severity === 'critical'),
    sources: sources.length,
    unreadable: unreadable.length,
    blind: blindOf(status),
  });
}

/** Why nothing can be said about now; by minutes, for a screen reader reads it out whenever it changes. */
function blindOf({ asOf, trouble }: Feed<StatusAnswer>): string | null {
  const minutes = asOf.value === null ? 0 : Math.floor((now.value - asOf.value) / MINUTE_MS);
  if (minutes < 1) return null;
  const why = trouble.value ? '' : ', for updates are paused';
  return `Cannot see how things stand: the last answer is ${duration(minutes * MINUTE_MS)} old${why}`;
}

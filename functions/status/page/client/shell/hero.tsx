import { useComputed, useSignalEffect } from '@preact/signals';
import { relative } from '../../../../shared/figures.ts';
import type { StatusAnswer } from '../../../api/schemas.ts';
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

/** Data older than this say nothing about now. */
const BLIND_AFTER_MS = 60_000;

/** The verdict: one sentence, also in the title of the window; screen readers hear only when it changes. */
export function Hero({ status }: { status: Feed<StatusAnswer> }) {
  const line = useComputed(() => JSON.stringify(lineOf(status)));
  useSignalEffect(() => {
    const { words }: VerdictLine = JSON.parse(line.value);
    document.title = `${words} - Nightshift`;
  });
  const { tone, words, rest }: VerdictLine = JSON.parse(line.value);
  return (
    <div class={`hero ${tone}`}>
      <Icon name={ICONS[tone]} />
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
  const data = status.answer.value?.data;
  const trouble = status.trouble.value;
  if (!data)
    return {
      tone: trouble ? 'warn' : 'calm',
      words: trouble ? 'Cannot see how things stand' : 'Loading',
      rest: trouble?.words ?? '',
    };
  const loud = data.alarms.filter(({ mute }) => !mute || Date.parse(mute.until) <= now.value);
  return verdictLine({
    states: data.tasks.map((task) => badgeOf(task).value.state),
    critical: loud.filter(({ severity }) => severity === 'critical').length,
    warnings: loud.filter(({ severity }) => severity === 'warning').length,
    blind: blindOf(status),
  });
}

/** Why nothing can be said about now. */
function blindOf({ asOf, trouble }: Feed<StatusAnswer>): string | null {
  const at = asOf.value;
  if (at === null || now.value - at < BLIND_AFTER_MS) return null;
  const age = relative(new Date(at), new Date(now.value));
  return `Cannot see how things stand: the last answer is of ${age}${trouble.value ? '' : ', while updates are paused'}`;
}

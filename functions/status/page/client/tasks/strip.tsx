import { duration, stamp } from '../../../../shared/figures.ts';
import type { TaskAnswer } from '../../../api/schemas.ts';
import { OUTCOMES } from './states.ts';

type Bar = TaskAnswer['strip'][number];

const SLOTS = 20;
const STEP = 7;
const HEIGHT = 28;

/** The last runs, the newest on the right: as high as each took, a failure in full, a miss as a stub. */
export function Strip({ bars }: { bars: readonly Bar[] }) {
  if (bars.length === 0) return <span class="none">no run yet</span>;
  const longest = Math.max(...bars.map(({ durationMs }) => durationMs), 1);
  const first = SLOTS - bars.length;
  return (
    <svg class="strip" viewBox={`0 0 ${SLOTS * STEP} ${HEIGHT}`} role="img" aria-label={summary(bars)}>
      {bars.map((bar, index) => {
        const height = heightOf(bar, longest);
        return (
          <rect
            key={bar.runId}
            class={OUTCOMES[bar.outcome].tone}
            x={(first + index) * STEP}
            y={HEIGHT - height}
            width={STEP - 2}
            height={height}
            rx="1"
          >
            <title>
              {`${OUTCOMES[bar.outcome].word}, ${stamp(new Date(bar.startedAt))}, took ${duration(bar.durationMs)}`}
            </title>
          </rect>
        );
      })}
    </svg>
  );
}

function heightOf({ outcome, durationMs }: Bar, longest: number): number {
  if (outcome === 'missed' || outcome === 'skipped') return 5;
  if (OUTCOMES[outcome].tone === 'bad') return HEIGHT;
  return 7 + (HEIGHT - 10) * (durationMs / longest);
}

function summary(bars: readonly Bar[]): string {
  const counts = Map.groupBy(bars, ({ outcome }) => OUTCOMES[outcome].word);
  const words = [...counts].map(([word, { length }]) => `${length} ${word}`).join(', ');
  const newest = bars.at(-1);
  return `Last ${bars.length} runs: ${words}; the newest ${newest ? OUTCOMES[newest.outcome].word : 'unknown'}`;
}

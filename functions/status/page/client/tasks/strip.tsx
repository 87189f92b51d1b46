import { useSignal } from '@preact/signals';
import { duration, stamp } from '../../../../shared/figures.ts';
import type { TaskAnswer } from '../../../api/schemas.ts';
import type { Tone } from '../parts/tone.ts';
import { OUTCOMES } from './states.ts';

type Bar = TaskAnswer['strip'][number];

const SLOTS = 20;
const STEP = 7;
const HEIGHT = 28;

/**
 * The last runs, the newest on the right: as high as each took, a failure in full, a miss as a stub. One shape per colour,
 * for an element per run of every task takes a slow phone a second; under the pointer each bar says what it stands for.
 */
export function Strip({ bars }: { bars: readonly Bar[] }) {
  const pointed = useSignal(false);
  if (bars.length === 0) return <span class="none">no run yet</span>;
  const shapes = [...shapesOf(bars)];
  return (
    <svg
      class="strip"
      viewBox={`0 0 ${SLOTS * STEP} ${HEIGHT}`}
      role="img"
      aria-label={summary(bars)}
      onPointerEnter={() => {
        pointed.value = true;
      }}
    >
      {shapes.map(([tone, d]) => (
        <path key={tone} class={tone} d={d} />
      ))}
      {pointed.value && bars.map((bar, index) => <Told key={bar.runId} bar={bar} x={leftOf(index, bars)} />)}
    </svg>
  );
}

/** Nothing to be seen, but for the words that come up under the pointer. */
function Told({ bar: { outcome, startedAt, durationMs }, x }: { bar: Bar; x: number }) {
  return (
    <rect class="told" x={x} width={STEP} height={HEIGHT}>
      <title>{`${OUTCOMES[outcome].word}, ${stamp(new Date(startedAt))}, took ${duration(durationMs)}`}</title>
    </rect>
  );
}

/** The bars of each colour as one path. */
function shapesOf(bars: readonly Bar[]): Map<Tone, string> {
  const longest = Math.max(...bars.map(({ durationMs }) => durationMs), 1);
  const shapes = new Map<Tone, string>();
  for (const [index, bar] of bars.entries()) {
    const { tone } = OUTCOMES[bar.outcome];
    const height = Math.round(heightOf(bar, longest));
    const shape = `M${leftOf(index, bars)} ${HEIGHT}v-${height}h${STEP - 2}v${height}z`;
    shapes.set(tone, (shapes.get(tone) ?? '') + shape);
  }
  return shapes;
}

function leftOf(index: number, { length }: readonly Bar[]): number {
  return (SLOTS - length + index) * STEP;
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

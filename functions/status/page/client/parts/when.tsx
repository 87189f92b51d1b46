import { useComputed } from '@preact/signals';
import { MINUTE_MS, SECOND_MS } from '../../../../shared/dates.ts';
import { duration, relative, stamp } from '../../../../shared/figures.ts';
import { now } from '../live/clock.ts';

/** An instant as its distance from now, which moves on by itself; the instant itself is in the title. */
export function When({ at, none = 'never' }: { at: string | null; none?: string }) {
  return at === null ? <span class="none">{none}</span> : <Moving key={at} at={at} />;
}

function Moving({ at }: { at: string }) {
  const instant = new Date(at);
  const words = useComputed(() => relative(instant, new Date(now.value)));
  return (
    <time dateTime={at} title={stamp(instant)}>
      {words}
    </time>
  );
}

/** How long it has been since an instant. */
export function Since({ at }: { at: string }) {
  const words = useComputed(() => lasting(now.value - Date.parse(at)));
  return (
    <time dateTime={at} title={stamp(new Date(at))} key={at}>
      {words}
    </time>
  );
}

/** Seconds count up to two minutes; after that what ticks would only be in the way of reading. */
function lasting(ms: number): string {
  if (ms < 10 * SECOND_MS) return `${Math.max(0, Math.floor(ms / SECOND_MS))} s`;
  const unit = ms < 2 * MINUTE_MS ? SECOND_MS : MINUTE_MS;
  return duration(Math.floor(ms / unit) * unit);
}

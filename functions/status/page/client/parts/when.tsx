import { useComputed } from '@preact/signals';
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
  const words = useComputed(() => duration(Math.max(0, wholeSeconds(now.value - Date.parse(at)))));
  return (
    <time dateTime={at} title={stamp(new Date(at))} key={at}>
      {words}
    </time>
  );
}

/** Tenths of a second would make everything that ticks flicker. */
function wholeSeconds(ms: number): number {
  const seconds = Math.max(10, Math.floor(ms / 1000));
  return ms < 10_000 ? Math.floor(ms / 1000) * 1000 : seconds * 1000;
}

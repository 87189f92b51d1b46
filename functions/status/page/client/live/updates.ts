import { signal } from '@preact/signals';
import { MINUTE_MS, SECOND_MS } from '../../../../shared/dates.ts';
import { now, tick } from './clock.ts';
import type { Poller } from './poller.ts';

/**
 * Runs the pollers and the clock: none asks while the page is hidden or paused, and all ask at once when it is seen again.
 * The others wait until they are let begin: a poor line is all for what a person looks for first.
 */
export function startUpdates(first: Poller, others: readonly Poller[]) {
  let pollers: readonly Poller[] = [first];
  const pausedAt = signal<number | null>(null);
  let timer: ReturnType<typeof setInterval> | undefined;

  const follow = () => {
    const seen = document.visibilityState === 'visible';
    clearInterval(timer);
    tick();
    // Paused, nothing moves of itself; but what is old must not look new, so that ages move on by the minute.
    if (seen) timer = setInterval(tick, pausedAt.value === null ? SECOND_MS : MINUTE_MS);
    for (const poller of pollers) poller.setActive(seen && pausedAt.value === null);
  };
  document.addEventListener('visibilitychange', follow);
  // The first answers are asked for even by a tab that was opened in the background.
  const begun = first.refresh();
  follow();
  return {
    /** Resolves once `first` has its answer, or has none. */
    begun,
    /** Lets the others begin. */
    askOthers() {
      pollers = [first, ...others];
      for (const poller of others) void poller.refresh();
      follow();
    },
    pausedAt,
    /** Lets one more poller go on and pause as the others do; returns how to stop it. */
    follow(poller: Poller) {
      pollers = [...pollers, poller];
      follow();
      return () => {
        pollers = pollers.filter((it) => it !== poller);
        poller.stop();
      };
    },
    togglePause() {
      pausedAt.value = pausedAt.value === null ? now.value : null;
      follow();
    },
    refresh() {
      tick();
      for (const poller of pollers) void poller.refresh();
    },
  };
}

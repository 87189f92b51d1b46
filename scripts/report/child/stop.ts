import { monotonicNow } from '../outbox/clock.ts';
import type { Child } from './start.ts';

/** What is kept of the grace for the word of the end. */
const LAST_WORD_MS = 1_000;

/** Ends the child in order: asked, then killed in time for its end to be told within the grace. */
export interface Stopper {
  /** The grace runs from now on; `signal` is sent now, unless it has reached the child already. */
  begin(signal?: NodeJS.Signals): void;
  /** When the grace is over, on the clock of monotonicNow(); infinity while nothing is asked of the child. */
  until(): number;
}

/** A stopper of a child that is asked nothing yet. */
export function stopperOf(child: Child, graceMs: number): Stopper {
  let until = Number.POSITIVE_INFINITY;
  return {
    begin(signal) {
      if (signal) child.signal(signal);
      if (until !== Number.POSITIVE_INFINITY) return;
      until = monotonicNow() + graceMs;
      const timer = setTimeout(
        () => !child.hasEnded() && child.signal('SIGKILL'),
        Math.max(graceMs / 2, graceMs - LAST_WORD_MS),
      );
      timer.unref();
    },
    until: () => until,
  };
}

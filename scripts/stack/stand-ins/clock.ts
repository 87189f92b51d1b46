import { type Clock, systemClock } from '../../../functions/shared/clock.ts';
import { addMs, MINUTE_MS } from '../../../functions/shared/dates.ts';

/** The time of a stack: real time, plus what it was set ahead. */
export interface StackClock extends Clock {
  /** Resolves when `instant` is reached, by a jump too, or as soon as `signal` aborts. */
  until(instant: Date, signal: AbortSignal): Promise<void>;
  /** Sets the clock ahead to `instant`; it never goes back. */
  jumpTo(instant: Date): void;
}

/** A clock ahead of `base`; `onJump` is told by how much, before anybody who waited goes on. */
export function stackClock(
  onJump: (offsetMs: number) => void = () => undefined,
  base: Clock = systemClock,
): StackClock {
  let offsetMs = 0;
  const waiting = new Set<() => void>();
  const now = () => addMs(base.now(), offsetMs);
  return {
    now,
    monotonicMs: base.monotonicMs,
    offsetMs: () => offsetMs,
    until(instant, signal) {
      const { promise, resolve } = Promise.withResolvers<void>();
      let timer: NodeJS.Timeout | undefined;
      const look = () => {
        clearTimeout(timer);
        const leftMs = instant.getTime() - now().getTime();
        if (leftMs <= 0 || signal.aborted) {
          waiting.delete(look);
          signal.removeEventListener('abort', look);
          return resolve();
        }
        // In short waits, for a machine may sleep through a long one, and no timer is longer than 24 days.
        timer = setTimeout(look, Math.min(leftMs, MINUTE_MS));
      };
      waiting.add(look);
      signal.addEventListener('abort', look);
      look();
      return promise;
    },
    jumpTo(instant) {
      const ahead = instant.getTime() - base.now().getTime();
      if (ahead <= offsetMs) return;
      offsetMs = ahead;
      onJump(offsetMs);
      for (const look of [...waiting]) look();
    },
  };
}

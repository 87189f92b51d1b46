import { type ReadonlySignal, signal } from '@preact/signals';

/** The time by the service's clock: that of the viewer's device may be wrong by hours. */

const instant = signal(Date.now());
/** Milliseconds since 1970, moved on once a second, once a minute while the updates are paused. */
export const now: ReadonlySignal<number> = instant;

let offsetMs = 0;

/** The header `Date` has whole seconds, and took its time to come: less than this is no difference. */
const NO_DIFFERENCE_MS = 2_500;

/** Goes by the service's clock from now on, as an answer told it. */
export function goBy(date: string | null): void {
  const theirs = Date.parse(date ?? '');
  if (Number.isNaN(theirs)) return;
  const differenceMs = theirs - Date.now();
  const nextMs = Math.abs(differenceMs) < NO_DIFFERENCE_MS ? 0 : differenceMs;
  if (Math.abs(nextMs - offsetMs) >= 1_000) offsetMs = nextMs;
}

/** Moves the time on. */
export function tick(): void {
  instant.value = Date.now() + offsetMs;
}

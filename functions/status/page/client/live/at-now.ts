import { computed, type ReadonlySignal } from '@preact/signals';
import { useMemo } from 'preact/hooks';
import { now } from './clock.ts';

/** What `of` makes of the time now, as it goes on, and anew when one of the `inputs` that `of` uses is another. */
export function useAtNow<Value>(
  of: (nowMs: number) => Value,
  inputs: readonly unknown[],
): ReadonlySignal<Value> {
  return useMemo(() => computed(() => of(now.value)), inputs);
}

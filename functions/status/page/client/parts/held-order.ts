import { useSignal } from '@preact/signals';
import { useRef } from 'preact/hooks';

/** The order in which rows are shown, and how it is held. */
export interface HeldOrder {
  names: string[];
  /** Whether it would be another, were it not held. */
  moved: boolean;
  hold(reads: boolean): void;
}

/** An order that does not change while a person reads, unless they ask for another `sorting`. */
export function useHeldOrder(names: readonly string[], sorting: string): HeldOrder {
  const held = useSignal(false);
  const last = useRef({ sorting, names });
  const keep = held.value && last.current.sorting === sorting;
  const order = keep ? keptOrder(last.current.names, names) : [...names];
  last.current = { sorting, names: order };
  return {
    names: order,
    moved: order.join() !== names.join(),
    hold: (reads) => {
      held.value = reads;
    },
  };
}

/** The order that stands while a person reads: who went is gone, who came is last. */
export function keptOrder(before: readonly string[], now: readonly string[]): string[] {
  const present = new Set(now);
  const known = new Set(before);
  return [...before.filter((name) => present.has(name)), ...now.filter((name) => !known.has(name))];
}

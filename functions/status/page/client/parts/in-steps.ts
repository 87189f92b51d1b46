import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';

/** As many as a window shows. */
const FIRST = 4;

/** How many rows to draw: the first of them at once, and all once those are seen, for many take a slow phone long. */
export function useInSteps(): number {
  const most = useSignal(FIRST);
  useEffect(() => {
    most.value = Number.POSITIVE_INFINITY;
  }, [most]);
  return most.value;
}

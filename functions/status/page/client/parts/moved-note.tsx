import type { HeldOrder } from './held-order.ts';

/** Says that rows would stand elsewhere by now. */
export function MovedNote({ moved, hold }: HeldOrder) {
  return moved ? (
    <p class="note">
      The order has changed.{' '}
      <button type="button" class="quiet" onClick={() => hold(false)}>
        Sort again
      </button>
    </p>
  ) : null;
}

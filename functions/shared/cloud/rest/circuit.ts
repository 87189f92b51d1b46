/** Breaks once `limit` calls in a row have failed, and stays broken. Calls count in the order in which they end. */
export function circuitBreaker(limit: number) {
  let inARow = 0;
  let broken: string | null = null;
  return {
    /** Why nothing is asked any more; `null` while the circuit is whole. */
    broken: () => broken,
    answered() {
      inARow = 0;
    },
    failed(why: string) {
      inARow += 1;
      if (inARow >= limit) broken ??= `${limit} calls in a row failed, the last: ${why}`;
    },
  };
}

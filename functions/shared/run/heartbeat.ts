import { LeaseLost } from '../errors.ts';
import type { Log } from '../log.ts';

/** Renewals per lease: a few may fail before another run can take over. */
const BEATS_PER_LEASE = 4;

/**
 * Renews a lease until stopped. A lease that is definitely lost goes to `onLost`, once. A store out of reach does not
 * end the work (telemetry must not fail the task): the next beat tries again, and whatever the task writes is fenced.
 * Returns the stop function.
 */
export function startHeartbeat(
  renew: () => Promise<void>,
  leaseMs: number,
  onLost: (error: LeaseLost) => void,
  log: Log,
): () => void {
  let stopped = false;
  const beat = async () => {
    try {
      await renew();
    } catch (error) {
      if (stopped) return;
      if (error instanceof LeaseLost) {
        stopped = true;
        onLost(error);
      } else {
        log.warning(`Cannot renew the lease, will try again: ${String(error)}`);
      }
    }
    schedule();
  };
  let timer: NodeJS.Timeout | undefined;
  const schedule = () => {
    if (!stopped) timer = setTimeout(() => void beat(), leaseMs / BEATS_PER_LEASE);
  };
  schedule();
  return () => {
    stopped = true;
    clearTimeout(timer);
  };
}

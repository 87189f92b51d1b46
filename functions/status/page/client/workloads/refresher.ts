import { type ReadonlySignal, signal } from '@preact/signals';
import { SECOND_MS } from '../../../../shared/dates.ts';
import { browserTimers, faultOf, wordsOf } from '../live/feed.ts';
import { type Poller, poller } from '../live/poller.ts';

/** Has the tables refreshed while somebody looks at them. */
export interface Refresher {
  /** Why they are not; `null` while they are. */
  trouble: ReadonlySignal<string | null>;
  poll: Poller;
}

const EVERY_MS = 30 * SECOND_MS;
/** The service holds the request until the refresh has ended, and no longer than 25 s. */
const PATIENCE_MS = 28 * SECOND_MS;

/** Asks for a refresh again and again, one at a time; `onDone` is called when there may be something new to read. */
export function refresher(onDone: () => void): Refresher {
  const trouble = signal<string | null>(null);
  const poll = poller(
    {
      intervalMs: EVERY_MS,
      patienceMs: PATIENCE_MS,
      async ask(stop) {
        const headers = { 'content-type': 'application/json' };
        const response = await fetch('api/workloads/refresh', {
          method: 'POST',
          headers,
          body: '{}',
          signal: stop,
        });
        if (!response.ok) throw new Error(await faultOf(response));
        // A body that nobody reads holds its connection.
        await response.text();
        onDone();
      },
      settled(failure) {
        trouble.value = failure === null ? null : wordsOf(failure);
      },
    },
    browserTimers,
  );
  return { trouble, poll };
}

import { monotonicNow } from '../outbox/clock.ts';
import { waitAfter } from '../send/backoff.ts';
import { drain } from './drain.ts';
import { usableOutbox } from './insist.ts';
import type { Flags } from './parse.ts';
import { channelsFor, settingsOf } from './settings.ts';
import { troublesWith } from './troubles.ts';

/**
 * `report sync`: sends all that waits, for at most `waitMs` while it cannot. Returns 0 when all is delivered, 1 when some
 * is left, 2 when none is left but some was rejected.
 */
export async function sync(flags: Flags, waitMs: number): Promise<number> {
  const { outbox: place } = settingsOf(flags, process.env, false);
  const outbox = usableOutbox(place);
  if (outbox === undefined) return 1;
  const channelOf = channelsFor(process.env);
  const until = monotonicNow() + waitMs;
  let rejected = 0;
  for (let failures = 0; ; failures++) {
    const drained = await drain(outbox, channelOf);
    rejected += drained.rejected;
    if (drained.left === 0) return rejected > 0 ? 2 : 0;
    if (!drained.failure) return 1;
    const { channel, failure } = drained.failure;
    troublesWith(channel.url, outbox, 0).failed(failure);
    const wait = waitAfter(failure, failures, Math.random());
    if (monotonicNow() + wait > until) return 1;
    await new Promise((resolve) => setTimeout(resolve, wait));
  }
}

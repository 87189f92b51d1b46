import type { Clock } from '../../shared/clock.ts';
import type { Observer } from '../../shared/cloud/observer.ts';
import { messageOf } from '../../shared/errors.ts';
import type { Watched } from '../../shared/model/workload/watched.ts';

/** Why the workload tables are not refreshed for a viewer. */
export class CannotRefresh extends Error {
  override readonly name = 'CannotRefresh';
  /** Whether to ask again is of any use. */
  readonly lasting: boolean;
  constructor(message: string, { lasting, cause }: { lasting: boolean; cause?: unknown }) {
    super(message, { cause });
    this.lasting = lasting;
  }
}

/** Who refreshes, or why nobody does for viewers. */
export type RefreshedBy = { observer: Observer } | { nobody: string };

/** A refresh takes 16 s at most; whoever waits longer waits for one that is gone. */
const HOLD_MS = 25_000;

/**
 * Passes on that somebody looks at the workload tables: one call at a time, and none while a refresh would come too soon, however
 * many look. Whoever waits is told how it ended; who comes meanwhile is told at once that it is under way. `onChange` is called
 * when what is stored may have changed. Rejects with CannotRefresh.
 */
export function refreshing(by: RefreshedBy, clock: Clock, onChange: () => void): () => Promise<Watched> {
  let underWay: Watched | null = null;
  let last: Watched | null = null;

  return async () => {
    if ('nobody' in by) throw new CannotRefresh(by.nobody, { lasting: true });
    const now = clock.now();
    if (underWay) return underWay;
    if (last && now < new Date(last.againAt)) return { ...last, did: 'too-soon' };
    const startedAt = now.toISOString();
    underWay = { did: 'under-way', by: 'viewer', startedAt, againAt: startedAt };
    onChange();
    try {
      // Not stopped for a viewer who has gone: others look at the same tables.
      const done = await by.observer.watch({ limitMs: HOLD_MS });
      last = done.did === 'under-way' ? null : done;
      return done;
    } catch (error) {
      throw new CannotRefresh(messageOf(error), { lasting: false, cause: error });
    } finally {
      underWay = null;
      onChange();
    }
  };
}

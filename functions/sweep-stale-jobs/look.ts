import type { SweepCursor } from '../shared/model/sweep-marks.ts';
import type { ActiveCounts, ActiveJobStore } from '../shared/store/active-jobs.ts';
import type { SeenJob } from '../shared/store/active-records.ts';
import type { ReadOptions } from '../shared/store/jobs.ts';
import { isSuspicious } from './suspicion.ts';

/** Of one source, a sweep reads so many records; the next one goes on from there. */
const MOST_READ = 25_000;

/** A record that may not be what it says. */
export interface Found {
  seen: SeenJob;
  isExecution: boolean;
  /** The name of the lookout that found it. */
  lookout: string;
}

/** What a look at one source found. */
export interface Look {
  found: Found[];
  /** Records that nobody can read, and why. */
  unreadable: { path: string; error: unknown }[];
  /** Where it stopped; `null` when every lookout came to its end. */
  stoppedAt: SweepCursor | null;
  /** Whether it saw all: from the head to the end. */
  complete: boolean;
}

/** How to look. */
export interface LookOptions extends ReadOptions {
  /** Where the last sweep stopped. */
  from: SweepCursor | null;
  now: Date;
  /** How many jobs are active. */
  active: Promise<ActiveCounts>;
  /** Only what was silent for at least so long. */
  olderThanMs?: number | undefined;
  isTimeUp: () => boolean;
}

/**
 * Looks for suspects of a source. A look that goes on where the last one stopped comes to the end of that lookout and goes
 * through the others from their heads, so that whatever is left next is what was left longest.
 */
export async function lookAt(store: ActiveJobStore, options: LookOptions): Promise<Look> {
  const { from, now, active, isTimeUp, olderThanMs } = options;
  const lookouts = store.lookouts(now);
  const first = Math.max(
    0,
    lookouts.findIndex(({ name }) => name === from?.lookout),
  );
  const look: Look = { found: [], unreadable: [], stoppedAt: null, complete: false };
  const known = new Set<string>();
  let left = MOST_READ;
  for (const lookout of [...lookouts.slice(first), ...lookouts.slice(0, first)]) {
    const { name, of } = lookout;
    const isExecution = of === 'executions';
    let after = name === from?.lookout ? from.after : null;
    if (!after && !(await store.hasAny(lookout, options, active))) continue;
    do {
      if (left <= 0 || isTimeUp()) return { ...look, stoppedAt: { lookout: name, after } };
      const page = await store.page(
        lookout,
        {
          ...{ after, most: left },
          wanted: (job, writtenAt) =>
            !known.has(job.name) &&
            isSuspicious({ job, writtenAt, isExecution }, store.source, now, olderThanMs),
        },
        options,
      );
      for (const seen of page.seen) {
        known.add(seen.job.name);
        look.found.push({ seen, isExecution, lookout: name });
      }
      look.unreadable.push(...page.unreadable);
      left -= page.read;
      after = page.next;
    } while (after);
  }
  return { ...look, complete: from === null };
}

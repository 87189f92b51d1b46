import { prefetch } from '../../shared/concurrency.ts';
import { LeaseLost } from '../../shared/errors.ts';
import type { SweepCursor } from '../../shared/model/job/sweep-checkpoint.ts';
import type { ReadOptions } from '../../shared/store/firestore/read-options.ts';
import type { ActiveCounts, ActiveJobStore } from '../../shared/store/sources/active-jobs.ts';
import type { Cursor, Page, SeenJob } from '../../shared/store/sources/active-records.ts';
import type { StaleQuery } from '../../shared/store/sources/stale-queries.ts';
import { isSuspicious } from '../rules/suspicion.ts';

/** Of one source, a sweep reads so many records; the next one goes on from there. */
const MOST_READ = 25_000;

/** A record that may not be what it says. */
export interface Candidate {
  seen: SeenJob;
  isExecution: boolean;
  /** Its place among those that a sweep finds. */
  nth: number;
  /** Where a look begins with it. */
  at: SweepCursor;
}

/** What a look at one source came to. */
export interface ScanResult {
  /** Suspects that were read and not taken: the time was up. */
  left: Candidate[];
  /** Records that nobody can read, and why. */
  unreadable: { path: string; error: unknown }[];
  /** Where it stopped; `null` when every lookout came to its end. */
  stoppedAt: SweepCursor | null;
  /** Whether it saw all: from the head to the end. */
  complete: boolean;
  /** What it stopped for, after some were taken; `null` where it could get on. */
  failure: unknown;
}

/** How to look. */
export interface ScanOptions extends ReadOptions {
  signal: AbortSignal;
  /** Where the last sweep stopped. */
  from: SweepCursor | null;
  now: Date;
  /** How many jobs are active, and how many of those that run show life. */
  counted: Promise<[active: ActiveCounts, alive: number]>;
  /** Only what was silent for at least so long. */
  olderThanMs?: number | undefined;
  isTimeUp: () => boolean;
  /** Is given the suspects as they are read; what it takes its time for holds the look back. */
  take: (found: Candidate[]) => Promise<void>;
  /** Resolves when nothing of what was taken is being written any more. */
  idle: () => Promise<void>;
}

/**
 * Looks for suspects of a source. A look that goes on where the last one stopped comes to the end of that lookout and goes
 * through the others from their heads, so that whatever is left next is what was left longest. Rejects where it cannot
 * even begin, with LeaseLost, and with the reason of the signal.
 */
export async function scan(store: ActiveJobStore, options: ScanOptions): Promise<ScanResult> {
  const { from, now } = options;
  const lookouts = store.lookouts(now);
  const first = Math.max(
    0,
    lookouts.findIndex(({ name }) => name === from?.lookout),
  );
  const opened = [...lookouts.slice(first), ...lookouts.slice(0, first)].map((lookout): Opened => {
    const after = lookout.name === from?.lookout ? from.after : null;
    const open = () => prefetch(store.pages(lookout, { after, most: MOST_READ }, options));
    // Whether any record has no time is only known when all others were read.
    return { lookout, after, pages: 'without' in lookout.by ? null : open(), open };
  });
  try {
    return await goThrough(opened, store, options);
  } finally {
    await Promise.all(opened.map(({ pages }) => pages?.end()));
  }
}

/** A lookout, and its pages, where they are being read. */
interface Opened {
  lookout: StaleQuery;
  after: Cursor | null;
  pages: ReturnType<typeof prefetch<Page>> | null;
  open: () => ReturnType<typeof prefetch<Page>>;
}

async function goThrough(
  opened: readonly Opened[],
  store: ActiveJobStore,
  options: ScanOptions,
): Promise<ScanResult> {
  const { from, counted, isTimeUp, take, idle, signal } = options;
  const look: ScanResult = { left: [], unreadable: [], stoppedAt: null, complete: false, failure: null };
  const known = new Set<string>();
  let [read, dated] = [0, 0];
  const isUp = () => read >= MOST_READ || isTimeUp();

  /** Whether a lookout may find anything: none does where all that run show life, or were read by their time. */
  async function isWorth({ lookout, after }: Opened): Promise<boolean> {
    const { of, state, by } = lookout;
    if (after || !('without' in by)) return true;
    const [{ running }, alive] = await counted;
    const areAllDated = of === 'jobs' && state === 'running' && alive + dated >= running;
    if (areAllDated) return false;
    // Of two counts, one would miss what is ended between them.
    await idle();
    return store.hasAny(lookout, options);
  }

  for (const it of opened) {
    const { lookout } = it;
    let { after } = it;
    const stoppedHere = (why: Partial<ScanResult> = {}): ScanResult => ({
      ...look,
      ...why,
      stoppedAt: { lookout: lookout.name, after },
    });
    try {
      if (!(await isWorth(it))) continue;
      if (isUp()) return stoppedHere();
      it.pages ??= it.open();
      for await (const page of it.pages) {
        const { found, unreadable } = suspectsOf(page, { lookout, after, known, store, options });
        if (isUp()) return stoppedHere({ left: found });
        look.unreadable.push(...unreadable);
        await take(found);
        read += page.read;
        if (lookout.tellsLife) dated += page.read;
        after = page.last;
      }
      if (read >= MOST_READ) return stoppedHere();
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof LeaseLost || read === 0) throw error;
      return stoppedHere({ failure: error });
    }
  }
  return { ...look, complete: from === null };
}

/** Those of a page that may not be what they say, each once; one that nobody can tell about costs only itself. */
function suspectsOf(
  { seen: all, unreadable: unread }: Page,
  {
    lookout: { name, of },
    after,
    known,
    store,
    options: { now, olderThanMs },
  }: {
    lookout: StaleQuery;
    after: Cursor | null;
    known: Set<string>;
    store: ActiveJobStore;
    options: ScanOptions;
  },
): Pick<ScanResult, 'unreadable'> & { found: Candidate[] } {
  const isExecution = of === 'executions';
  const unreadable = [...unread];
  const found = all.flatMap((seen, index): Candidate[] => {
    const { job, path, writtenAt, rewrittenAt } = seen;
    try {
      const reading = { job, writtenAt, rewrittenAt, isExecution };
      if (known.has(path) || !isSuspicious(reading, store.source, now, olderThanMs)) return [];
    } catch (error) {
      unreadable.push({ path, error });
      return [];
    }
    known.add(path);
    const before = all[index - 1];
    return [
      {
        seen,
        isExecution,
        nth: known.size,
        at: { lookout: name, after: before ? { path: before.path, value: before.value } : after },
      },
    ];
  });
  return { found, unreadable };
}

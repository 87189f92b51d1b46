import { type Day, endOfDay, startOfDay } from '../shared/dates.ts';
import { BOOKS, type Book } from '../shared/model/day.ts';
import type { Job } from '../shared/model/job.ts';
import type { JobStore, ReadOptions } from '../shared/store/jobs.ts';
import { sharedEnd } from './limits.ts';

/** A book could not be read; `cause` is why. */
export class BookFailed extends Error {
  override readonly name = 'BookFailed';
}

/** How a run reads its books. */
export interface Reading extends Pick<ReadOptions, 'tally' | 'signal'> {
  /** How long one reading of a book may take. */
  deadlineMs: number;
}

/** The books of the stores, each with the sources of its kind: training jobs in one, ETL runs in the other. */
export function openBooks(stores: readonly JobStore[], reading: Reading): JobBook[] {
  return BOOKS.flatMap((name) => {
    const own = stores.filter(({ source }) => (source.kind === 'etl') === (name === 'etl'));
    return own.length > 0 ? [openBook(name, own, reading)] : [];
  });
}

/**
 * One book: the records of every source of its kind, for a range of days. What runs is read once per run, the rest once
 * per range. A book that could not be read is not opened again in the same run: its figures would lack the records of a
 * source, so the whole book fails with it.
 */
function openBook(name: Book, stores: readonly JobStore[], { tally, signal, deadlineMs }: Reading) {
  let running: Promise<Map<string, Job>> | undefined;
  let failure: unknown;

  /** Every query of a reading ends when the reading has to. */
  async function asked<T>(reading: (options: () => ReadOptions) => Promise<T>): Promise<T> {
    if (failure) throw failure;
    const left = sharedEnd({ limitMs: deadlineMs, signal });
    try {
      return await reading(() => ({ tally, ...left() }));
    } catch (error) {
      failure = error;
      throw error;
    }
  }

  async function readRunning(options: () => ReadOptions): Promise<Map<string, Job>> {
    const jobs = new Map<string, Job>();
    await Promise.all(
      stores.map((store) =>
        ofSource(
          store,
          store.running(options(), (job) => jobs.set(job.name, job)),
        ),
      ),
    );
    return jobs;
  }

  return {
    name,
    sources: stores.map((store) => store.name),

    /** Whether a job of that name is one of this book's. */
    holds: (job: string): boolean => stores.some((store) => job.startsWith(`${store.name}:`)),

    /**
     * Every job changed since the instant known for its source; also reads what runs, so that a source that hangs costs
     * its deadline here, beside the other books, whether or not its changes can be asked for. Rejects as `between` does.
     */
    changed(known: ReadonlyMap<string, Date>, onJob: (job: Job) => void): Promise<void> {
      return asked(async (options) => {
        const changedIn = async (store: JobStore) => {
          const since = known.get(store.name);
          if (since) await ofSource(store, store.changedSince(since, options(), onJob));
        };
        running ??= readRunning(options);
        await Promise.all([running, ...stores.map(changedIn)]);
      });
    },

    /** Every job that may count on a day from `from` to `to`. Rejects with the failure of the first source that failed. */
    between(from: Day, to: Day): Promise<Job[]> {
      const range = { from: startOfDay(from), to: endOfDay(to) };
      return asked(async (options) => {
        running ??= readRunning(options);
        // What ran a moment ago may have ended since: the later reading of a record replaces the earlier.
        const jobs = new Map(await running);
        await Promise.all(
          stores.map((store) =>
            ofSource(
              store,
              store.touching(range, options(), (job) => jobs.set(job.name, job)),
            ),
          ),
        );
        return [...jobs.values()];
      });
    },

    /** Those of `names` whose record exists no more. Rejects as `between` does. */
    vanished(names: readonly string[]): Promise<string[]> {
      return asked(async (options) => {
        const gone: string[] = [];
        const lookUp = async (store: JobStore) => {
          const own = names.filter((each) => each.startsWith(`${store.name}:`));
          gone.push(...(await store.vanished(own, options())));
        };
        await Promise.all(stores.map((store) => ofSource(store, lookUp(store))));
        return gone;
      });
    },
  };
}

export type JobBook = ReturnType<typeof openBook>;

async function ofSource(store: JobStore, reading: Promise<void>): Promise<void> {
  try {
    await reading;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new BookFailed(
      `Cannot read source ${store.name} (collection ${store.source.collection}): ${reason}`,
      { cause: error },
    );
  }
}

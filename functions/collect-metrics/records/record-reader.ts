import { type Day, endOfDay, startOfDay } from '../../shared/dates.ts';
import { messageOf } from '../../shared/errors.ts';
import { BOOKS, type Book } from '../../shared/model/day/day.ts';
import { type Job, pathInSource } from '../../shared/model/job/job.ts';
import type { ReadOptions } from '../../shared/store/firestore/read-options.ts';
import type { Watermark } from '../../shared/store/own/days.ts';
import type { JobStore } from '../../shared/store/sources/jobs.ts';
import { sharedDeadline } from '../sources/limits.ts';
import { newNotes, type SourceNotes } from './source-notes.ts';

/** A book could not be read; `cause` is why. */
export class BookFailed extends Error {
  override readonly name = 'BookFailed';
}

/** How a run reads its books. */
export interface Reading extends Pick<ReadOptions, 'tally' | 'signal'> {
  now: Date;
  /** How long one reading of a book may take. */
  deadlineMs: number;
}

/** The books of the stores, each with the sources of its kind: training jobs in one, ETL runs in the other. */
export function openReaders(stores: readonly JobStore[], reading: Reading): RecordReader[] {
  return BOOKS.flatMap((name) => {
    const own = stores.filter(({ source }) => (source.kind === 'etl') === (name === 'etl'));
    return own.length > 0 ? [openBook(name, own, reading)] : [];
  });
}

/**
 * One book: the records of every source of its kind, for a range of days. What is under way or belongs to no day is read
 * once per run, the rest once per range. A book that could not be read is not opened again in the same run: its figures
 * would lack the records of a source, so the whole book fails with it.
 */
function openBook(name: Book, stores: readonly JobStore[], { now, tally, signal, deadlineMs }: Reading) {
  let ofAnyDay: Promise<Map<string, Job>> | undefined;
  let failure: unknown;
  const notes = new Map(stores.map((store) => [store.name, newNotes()]));

  /** Every query of a reading ends when the reading has to. */
  async function asked<T>(reading: (options: () => ReadOptions) => Promise<T>): Promise<T> {
    if (failure) throw failure;
    const left = sharedDeadline({ limitMs: deadlineMs, signal });
    try {
      return await reading(() => ({ tally, ...left() }));
    } catch (error) {
      failure = error;
      throw error;
    }
  }

  /** Has every source read; each of its jobs is noted. */
  async function readAll(
    onJob: (job: Job) => void,
    read: (store: JobStore, onJob: (job: Job) => void) => Promise<number>,
  ): Promise<void> {
    await Promise.all(
      stores.map((store) => {
        const own = notes.get(store.name);
        const reading = read(store, (job) => {
          own?.note(job);
          onJob(job);
        });
        return ofSource(store, async () => own?.leave(await reading));
      }),
    );
  }

  async function readAnyDay(options: () => ReadOptions): Promise<Map<string, Job>> {
    const jobs = new Map<string, Job>();
    await readAll(
      (job) => jobs.set(job.name, job),
      async (store, onJob) => {
        const [rest] = await Promise.all([
          store.timeless(now, options(), onJob),
          store.underWay(options(), onJob),
        ]);
        return rest;
      },
    );
    return jobs;
  }

  return {
    name,
    sources: stores.map((store) => store.name),

    /** What was noted of each source's records as they were read, by how far changes of it were known before. */
    notes: (known: ReadonlyMap<string, Watermark>): [source: string, notes: SourceNotes][] =>
      [...notes].map(([source, it]) => [source, it.taken(known.get(source))]),

    /** Whether a job of that name is one of this book's. */
    holds: (job: string): boolean => stores.some((store) => pathInSource(job, store.name) !== undefined),

    /**
     * Every job changed since the instant known for its source; also reads what is under way, so that a source that hangs
     * costs its deadline here, beside the other books, whether or not its changes can be asked for. Rejects as `between`
     * does.
     */
    changed(known: ReadonlyMap<string, Date>, onJob: (job: Job) => void): Promise<void> {
      return asked(async (options) => {
        ofAnyDay ??= readAnyDay(options);
        const changes = readAll(onJob, async (store, onChanged) => {
          const since = known.get(store.name);
          if (since) await store.changedSince(since, options(), onChanged);
          return 0;
        });
        await Promise.all([ofAnyDay, changes]);
      });
    },

    /** Every job that may count on a day from `from` to `to`. Rejects with the failure of the first source that failed. */
    between(from: Day, to: Day): Promise<Job[]> {
      const range = { from: startOfDay(from), to: endOfDay(to), now };
      return asked(async (options) => {
        ofAnyDay ??= readAnyDay(options);
        // What ran a moment ago may have ended since: the later reading of a record replaces the earlier.
        const jobs = new Map(await ofAnyDay);
        await readAll(
          (job) => jobs.set(job.name, job),
          (store, onJob) => store.touching(range, options(), onJob),
        );
        return [...jobs.values()];
      });
    },

    /** Those of `names` whose record exists no more. Rejects as `between` does. */
    vanished(names: readonly string[]): Promise<string[]> {
      return asked(async (options) => {
        const found = await Promise.all(
          stores.map((store) => {
            const own = names.filter((each) => pathInSource(each, store.name) !== undefined);
            return ofSource(store, () => store.vanished(own, options()));
          }),
        );
        return found.flat();
      });
    },
  };
}

export type RecordReader = ReturnType<typeof openBook>;

async function ofSource<T>(store: JobStore, reading: () => Promise<T>): Promise<T> {
  try {
    return await reading();
  } catch (error) {
    const reason = messageOf(error);
    throw new BookFailed(
      `Cannot read source ${store.name} (collection ${store.source.collection}): ${reason}`,
      { cause: error },
    );
  }
}

import { type Day, endOfDay, startOfDay } from '../../shared/dates.ts';
import { messageOf } from '../../shared/errors.ts';
import { RECORD_SOURCES, type RecordSource } from '../../shared/model/day/day.ts';
import { type Job, pathInSource } from '../../shared/model/job/job.ts';
import type { RunContext } from '../../shared/run/task.ts';
import type { ReadOptions, Tally } from '../../shared/store/firestore/read-options.ts';
import type { Watermark } from '../../shared/store/own/days.ts';
import type { JobStore } from '../../shared/store/sources/jobs.ts';
import { sharedDeadline } from '../sources/limits.ts';
import { newNotes, type SourceNotes } from './source-notes.ts';

/** The records of a source could not be read; `cause` is why. */
export class RecordsUnread extends Error {
  override readonly name = 'RecordsUnread';
}

/** The run that reads. */
type ReadingRun = Pick<RunContext<unknown>, 'startedAt' | 'signal' | 'log'>;

/** The limits of a reading. */
export interface ReadLimits {
  /** Counts the documents that are read. */
  tally: Tally;
  /** The time that all queries of one reading share. */
  deadlineMs: number;
}

/** The result of a reading: what was read, or why nothing was. */
export type RecordsRead<T> = { read: T; durationMs: number } | { error: string; durationMs: number };

/** Opens the readers of the stores' records: one for the sources of training jobs, one for those of ETL runs. */
export function openReaders(
  stores: readonly JobStore[],
  run: ReadingRun,
  limits: ReadLimits,
): RecordReader[] {
  return RECORD_SOURCES.flatMap((name) => {
    const own = stores.filter(({ source }) => (source.kind === 'etl') === (name === 'etl'));
    return own.length > 0 ? [openReader(name, own, run, limits)] : [];
  });
}

/**
 * Reads the records of every source of a kind, for a range of days. What is under way or belongs to no day is read once per
 * run, the rest once per range. Where reading failed it is not tried again in the same run: the figures would lack the
 * records of a source, so all sources of the kind fail with it.
 */
export interface RecordReader {
  readonly name: RecordSource;
  /** The names of its sources. */
  readonly sources: readonly string[];

  /**
   * Tries a reading. Where it fails, no good day is blanked: the stored figures stay, marked stale, and the run reports why.
   * Rejects with every error but RecordsUnread, and with the reason of the run's signal.
   */
  tried<T>(reading: () => Promise<T>): Promise<RecordsRead<T>>;

  /** Why a reading that was tried failed; `null` while none has. */
  failure(): string | null;

  /** What was noted of each source's records as they were read; `known` is how far changes of each were known before. */
  notes(known: ReadonlyMap<string, Watermark>): [source: string, notes: SourceNotes][];

  /** Whether a job of that name belongs to one of the sources. */
  holds(job: string): boolean;

  /**
   * Calls `onJob` with every job that changed since the instant known for its source. Also reads the jobs under way, even of
   * a source whose changes cannot be asked for: one that hangs then uses up its deadline here, beside the other readers.
   * Rejects as `between` does.
   */
  changed(known: ReadonlyMap<string, Date>, onJob: (job: Job) => void): Promise<void>;

  /** Returns every job that may count on a day from `from` to `to`. Rejects with the failure of the first source that failed. */
  between(from: Day, to: Day): Promise<Job[]>;

  /** Returns those of `names` whose record no longer exists. Rejects as `between` does. */
  vanished(names: readonly string[]): Promise<string[]>;
}

function openReader(
  name: RecordSource,
  stores: readonly JobStore[],
  { startedAt: now, signal, log }: ReadingRun,
  { tally, deadlineMs }: ReadLimits,
): RecordReader {
  let ofAnyDay: Promise<Map<string, Job>> | undefined;
  let failure: unknown;
  /** Why records of a day, or changes of records, could not be read. */
  let unread: string | null = null;
  const notes = new Map(stores.map((store) => [store.name, newNotes()]));

  /** Makes one reading: all its queries share its deadline. */
  async function withinDeadline<T>(reading: (options: () => ReadOptions) => Promise<T>): Promise<T> {
    if (failure) throw failure;
    const left = sharedDeadline({ limitMs: deadlineMs, signal });
    try {
      return await reading(() => ({ tally, ...left() }));
    } catch (error) {
      failure = error;
      throw error;
    }
  }

  /** Reads every source with `read`, and notes each of its jobs. */
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

    async tried(reading) {
      const begun = performance.now();
      const took = () => Math.round(performance.now() - begun);
      try {
        return { read: await reading(), durationMs: took() };
      } catch (error) {
        signal.throwIfAborted();
        if (!(error instanceof RecordsUnread)) throw error;
        if (!unread) log.error(`Metric source ${name} failed`, error);
        unread = error.message;
        return { error: error.message, durationMs: took() };
      }
    },

    failure: () => unread,

    notes: (known) => [...notes].map(([source, own]) => [source, own.taken(known.get(source))]),

    holds: (job) => stores.some((store) => pathInSource(job, store.name) !== undefined),

    changed(known, onJob) {
      return withinDeadline(async (options) => {
        ofAnyDay ??= readAnyDay(options);
        const changes = readAll(onJob, async (store, onChanged) => {
          const since = known.get(store.name);
          if (since) await store.changedSince(since, options(), onChanged);
          return 0;
        });
        await Promise.all([ofAnyDay, changes]);
      });
    },

    between(from, to) {
      const range = { from: startOfDay(from), to: endOfDay(to), now };
      return withinDeadline(async (options) => {
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

    vanished(names) {
      return withinDeadline(async (options) => {
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

async function ofSource<T>(store: JobStore, reading: () => Promise<T>): Promise<T> {
  try {
    return await reading();
  } catch (error) {
    const reason = messageOf(error);
    throw new RecordsUnread(
      `Cannot read source ${store.name} (collection ${store.source.collection}): ${reason}`,
      { cause: error },
    );
  }
}

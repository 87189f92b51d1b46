import { type Day, endOfDay, startOfDay } from '../shared/dates.ts';
import type { Job } from '../shared/model/job.ts';
import type { JobStore, ReadOptions } from '../shared/store/jobs.ts';

/** A source gave no answer; `cause` is why. */
export class SourceFailed extends Error {
  override readonly name = 'SourceFailed';
}

/**
 * The metric source `jobs`: the job records of every source, for a range of days. What runs is read once per run, the
 * rest once per range. A source that failed is not asked again in the same run: its figures would lack its jobs, so the
 * whole section fails with it.
 */
export function jobsSource(stores: readonly JobStore[], options: ReadOptions) {
  let running: Promise<Map<string, Job>> | undefined;
  let failure: unknown;

  async function asked<T>(reading: () => Promise<T>): Promise<T> {
    if (failure) throw failure;
    try {
      return await reading();
    } catch (error) {
      failure = error;
      throw error;
    }
  }

  async function readRunning(): Promise<Map<string, Job>> {
    const jobs = new Map<string, Job>();
    await Promise.all(
      stores.map((store) =>
        ofSource(
          store,
          store.running(options, (job) => jobs.set(job.name, job)),
        ),
      ),
    );
    return jobs;
  }

  return {
    names: stores.map((store) => store.name),

    /** Every job changed since the instant known for its source. Rejects as `between` does. */
    changed(known: ReadonlyMap<string, Date>, onJob: (job: Job) => void): Promise<void> {
      return asked(async () => {
        const changedIn = async (store: JobStore) => {
          const since = known.get(store.name);
          if (since) await ofSource(store, store.changedSince(since, options, onJob));
        };
        await Promise.all(stores.map(changedIn));
      });
    },

    /** Every job that may count on a day from `from` to `to`. Rejects with the failure of the first source that failed. */
    between(from: Day, to: Day): Promise<Job[]> {
      const range = { from: startOfDay(from), to: endOfDay(to) };
      return asked(async () => {
        running ??= readRunning();
        // What ran a moment ago may have ended since: the later reading of a record replaces the earlier.
        const jobs = new Map(await running);
        await Promise.all(
          stores.map((store) =>
            ofSource(
              store,
              store.touching(range, options, (job) => jobs.set(job.name, job)),
            ),
          ),
        );
        return [...jobs.values()];
      });
    },

    /** Those of `names` whose record exists no more. */
    async vanished(names: readonly string[]): Promise<string[]> {
      const gone = await Promise.all(
        stores.map((store) =>
          store.vanished(
            names.filter((name) => name.startsWith(`${store.name}:`)),
            options,
          ),
        ),
      );
      return gone.flat();
    },
  };
}

export type JobsSource = ReturnType<typeof jobsSource>;

async function ofSource(store: JobStore, reading: Promise<void>): Promise<void> {
  try {
    await reading;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new SourceFailed(
      `Cannot read source ${store.name} (collection ${store.source.collection}): ${reason}`,
      { cause: error },
    );
  }
}

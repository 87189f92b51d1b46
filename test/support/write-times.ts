import type { Timestamp } from '@google-cloud/firestore';
import { addMs } from '../../functions/shared/dates.ts';
import type { Job } from '../../functions/shared/model/job/job.ts';
import type { ActiveJobStore } from '../../functions/shared/store/sources/active-jobs.ts';
import type { SeenJob } from '../../functions/shared/store/sources/active-records.ts';

/** How far the clock of the emulator may be ahead: it counts on where several writes come in one moment. */
const AHEAD_MS = 3;

/**
 * When records were written by the clock of the test: Firestore's own, which nobody can set, knows nothing of the time that
 * a test lets pass.
 */
export function writeTimes(begin: Date) {
  const passes: { at: number; ms: number }[] = [];
  const standing = new Map<string, { updateTime: Timestamp; writtenAt: Date }>();

  function writtenAt(path: string, real: Date, updateTime?: Timestamp): Date {
    const stands = standing.get(path);
    const isAsItStood = updateTime
      ? stands?.updateTime.isEqual(updateTime)
      : stands?.updateTime.toMillis() === real.getTime();
    if (stands && isAsItStood) return stands.writtenAt;
    const passed = passes.findLast(({ at }) => at <= real.getTime())?.ms ?? 0;
    // The clock of a test stands still until that lets time pass.
    return addMs(begin, passed);
  }
  const told = (seen: SeenJob): SeenJob => {
    const at = writtenAt(seen.path, seen.writtenAt, seen.updateTime);
    return { ...seen, writtenAt: at, rewrittenAt: seen.rewrittenAt && at };
  };

  return {
    /** All that was written before counts as before, though the emulator may stamp it a moment ahead of this clock. */
    passed(ms: number): void {
      const at = Date.now() + AHEAD_MS;
      while (Date.now() < at);
      passes.push({ at, ms });
    },

    /** As if it had been written when the last of its times says, where it tells any; returns that. */
    standing({ job, path, updateTime, writtenAt: real }: SeenJob): Date {
      const { createdAt, startedAt, heartbeatAt, endedAt, updatedAt } = job;
      const told = [createdAt, startedAt, heartbeatAt, endedAt, updatedAt].flatMap(
        (at) => at?.getTime() ?? [],
      );
      if (told.length === 0) return writtenAt(path, real);
      const at = new Date(Math.max(...told));
      standing.set(path, { updateTime, writtenAt: at });
      return at;
    },

    /** A store that tells so. */
    asTold(store: ActiveJobStore): ActiveJobStore {
      const { executions } = store;
      return {
        ...store,
        async *pages(...how) {
          for await (const page of store.pages(...how)) yield { ...page, seen: page.seen.map(told) };
        },
        async named(...how) {
          const seen = await store.named(...how);
          return seen && told(seen);
        },
        executions: executions && {
          ...executions,
          jobsOf: async (...how) => {
            const jobs = [...(await executions.jobsOf(...how))];
            const toldOf = (job: Job): Job => {
              const at = job.writtenAt;
              return { ...job, writtenAt: at && writtenAt(job.path, at) };
            };
            return new Map(jobs.map(([path, job]) => [path, toldOf(job)]));
          },
          activeOf: async (...how) => (await executions.activeOf(...how)).map(told),
          of: async (...how) =>
            (await executions.of(...how)).map((it) => ({
              ...it,
              writtenAt: writtenAt(it.name.slice(store.name.length + 1), it.writtenAt),
            })),
        },
      };
    },
  };
}

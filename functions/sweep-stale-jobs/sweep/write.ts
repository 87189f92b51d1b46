import { chunksOf } from '../../shared/concurrency.ts';
import { type Day, dayOf, daysBetween } from '../../shared/dates.ts';
import { LeaseLost, RecordChanged } from '../../shared/errors.ts';
import type { BuildBatch, RunContext } from '../../shared/run/task.ts';
import type { ReadOptions } from '../../shared/store/firestore/read-options.ts';
import type { DayStore } from '../../shared/store/own/days.ts';
import type { ActiveJobStore } from '../../shared/store/sources/active-jobs.ts';
import type { Ground } from '../../shared/store/sources/ground.ts';
import type { JobEnding } from '../../shared/store/sources/job-endings.ts';
import type { RecordFailure } from '../../shared/truth/candidate.ts';
import type { Disposition, ToEnd } from './judge.ts';

/** Endings in one commit: a record that moved makes the others be looked up again. */
const CHUNK = 500;
/** The end of one record makes at most so many days be collected again, the newest that it touches. */
const MOST_DAYS = 400;
const LONGEST_ERROR = 2_000;
/** So many writes that fail alone, one after the other and for no reason that is theirs, are no bad writes: nothing is written. */
const MOST_DOUBTFUL = 3;

/** Where endings are written to, and in whose name. */
export interface WriteTools {
  store: ActiveJobStore;
  days: DayStore;
  options: ReadOptions;
  run: Pick<RunContext<unknown>, 'commit' | 'runId' | 'signal'>;
  /** The backend that was asked; `null` where the source has none. */
  backend: string | null;
  /** The person who gave the verdicts; `null` where they are the sweep's own. */
  by: string | null;
  now: Date;
  isTimeUp: () => boolean;
}

/** What became of records that were to be ended; those missing here are left as they were. */
export interface WriteResult {
  /** `race` where a record moved since it was read, and so stands. */
  became: ReadonlyMap<ToEnd, Extract<Disposition, 'yes' | 'race'>>;
  /** Records that cannot be written as they are, and why: Firestore refuses it, or something of theirs would be lost. */
  unwritable: RecordFailure[];
  /** The error that writing stopped for; `null` where it did not. */
  failure: unknown;
}

/** Ends records in their order until the time is up. Rejects with LeaseLost and with the reason of the run's signal. */
export async function writeEndings(toEnd: readonly ToEnd[], tools: WriteTools): Promise<WriteResult> {
  const became = new Map<ToEnd, 'yes' | 'race'>();
  const unwritable: RecordFailure[] = [];
  /** Those that failed alone since the last write that succeeded. */
  let doubtful: RecordFailure[] = [];

  const write = async (some: readonly ToEnd[], grounds: Grounds): Promise<void> => {
    const [first] = some;
    if (!first) return;
    tools.run.signal.throwIfAborted();
    try {
      await commit(some, grounds, tools);
      for (const one of some) became.set(one, 'yes');
      unwritable.push(...doubtful);
      doubtful = [];
    } catch (error) {
      const isChanged = error instanceof RecordChanged;
      if (error instanceof LeaseLost || (!isChanged && tools.store.failsAll(error))) throw error;
      const moved = isChanged ? await movedOf(some, tools) : [];
      for (const one of moved) became.set(one, 'race');
      if (moved.length > 0)
        return write(
          some.filter((one) => !moved.includes(one)),
          grounds,
        );
      if (some.length > 1) {
        for (const half of chunksOf(some, Math.ceil(some.length / 2)))
          if (isChanged || !tools.isTimeUp()) await write(half, grounds);
      } else if (isChanged) became.set(first, 'race');
      else if (isRefused(error)) unwritable.push({ path: first.candidate.seen.path, error });
      else {
        doubtful.push({ path: first.candidate.seen.path, error });
        if (doubtful.length === MOST_DOUBTFUL) throw error;
      }
    }
  };

  try {
    for (const some of chunksOf(toEnd, CHUNK)) {
      if (tools.isTimeUp()) break;
      const { writable, grounds, blocked } = await onTheirGround(some, tools);
      unwritable.push(...blocked);
      await write(writable, grounds);
      unwritable.push(...doubtful);
      doubtful = [];
    }
    return { became, unwritable, failure: null };
  } catch (failure) {
    tools.run.signal.throwIfAborted();
    if (failure instanceof LeaseLost) throw failure;
    return { became, unwritable, failure };
  }
}

type Grounds = ReadonlyMap<string, Ground>;
/** No path of such a record is dotted. */
const FLAT: Ground = new Map();

/** Those that can be written without the loss of something of theirs, and what is there; and why the others cannot. */
async function onTheirGround(some: readonly ToEnd[], { store, options }: WriteTools) {
  const grounds = await store.grounds(
    some.map(({ candidate }) => candidate),
    options,
  );
  const blocked = some.flatMap(({ candidate: { seen, isExecution } }): RecordFailure[] => {
    const why = store.whyNoEnding(seen, isExecution, grounds.get(seen.path) ?? FLAT);
    return why === null ? [] : [{ path: seen.path, error: new Error(why) }];
  });
  const paths = new Set(blocked.map(({ path }) => path));
  return { writable: some.filter(({ candidate }) => !paths.has(candidate.seen.path)), grounds, blocked };
}

/** Those that are not as they were read any more. */
async function movedOf(some: readonly ToEnd[], { store, options }: WriteTools): Promise<ToEnd[]> {
  const paths = await store.moved(
    some.map(({ candidate }) => candidate.seen),
    options,
  );
  return some.filter(({ candidate }) => paths.has(candidate.seen.path));
}

async function commit(some: readonly ToEnd[], grounds: Grounds, tools: WriteTools): Promise<void> {
  const { store, days, run, now } = tools;
  const endings = some.map((one) => ({ ...one.candidate, ending: endingOf(one, tools) }));
  const dirty = daysOf(some, now);
  const putDays: BuildBatch = (batch) => {
    for (const [date, cause] of dirty) days.markDirty(batch, { date, cause, markedAt: now });
  };
  const putEndings: BuildBatch = (batch) => {
    for (const { seen, isExecution, ending } of endings)
      store.putEnding(batch, seen, isExecution, grounds.get(seen.path) ?? FLAT, ending);
  };
  return commitBoth(store, run, putDays, putEndings);
}

/**
 * Commits what changes on days and in records of `store`: together where both are in our database, else the days first, for
 * that commit proves that the run is still ours.
 */
export function commitBoth(
  store: ActiveJobStore,
  run: Pick<RunContext<unknown>, 'commit'>,
  putDays: BuildBatch,
  putRecords: BuildBatch,
): Promise<void> {
  if (store.ours)
    return run.commit((batch) => {
      putDays(batch);
      putRecords(batch);
    });
  return run.commit(putDays).then(() => store.commit(putRecords));
}

function endingOf(
  { word, verdict, suspect: { truth, job } }: ToEnd,
  { run, backend, by, now }: Pick<WriteTools, 'run' | 'backend' | 'by' | 'now'>,
): JobEnding {
  const { kind, rule, because, endedAt, endInferred, error } = verdict;
  return {
    word,
    endedAt,
    endInferred,
    // Cut, a text may end in half a character.
    error: error?.slice(0, LONGEST_ERROR).toWellFormed() ?? null,
    evidence: {
      verdict: kind,
      rule,
      because: because.toWellFormed(),
      backend: truth && backend,
      askedAt: truth?.askedAt ?? null,
      said: truth?.said.toWellFormed() ?? null,
      was: job.status,
      foundAt: now,
      runId: run.runId,
      by,
    },
  };
}

/** The days whose figures depend on whether a job ended at `end`. */
export function daysFrom(end: Date, now: Date): Day[] {
  return daysBetween(dayOf(end), dayOf(now)).slice(-MOST_DAYS);
}

/** The days whose figures the ends change, each with the cause. */
function daysOf(some: readonly ToEnd[], now: Date): Map<Day, string> {
  const touched = some.flatMap(({ suspect, verdict }) =>
    daysFrom(verdict.endedAt, now).map((day) => ({ day, name: suspect.job.name })),
  );
  return new Map(
    [...Map.groupBy(touched, ({ day }) => day)].map(([day, jobs]) => {
      const first = `the sweep ended ${jobs[0]?.name}`;
      return [day, jobs.length === 1 ? first : `${first} and ${jobs.length - 1} more`];
    }),
  );
}

/** Whether Firestore refuses the write for what it is: INVALID_ARGUMENT. */
function isRefused(error: unknown): boolean {
  return error instanceof Error && Reflect.get(error, 'code') === 3;
}

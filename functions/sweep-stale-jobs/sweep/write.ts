import { chunksOf } from '../../shared/concurrency.ts';
import { type Day, dayOf, daysBetween } from '../../shared/dates.ts';
import { RecordChanged } from '../../shared/errors.ts';
import type { Evidence } from '../../shared/model/job/evidence.ts';
import type { BuildBatch, RunContext } from '../../shared/run/task.ts';
import type { ReadOptions } from '../../shared/store/firestore/read-options.ts';
import type { DayStore } from '../../shared/store/own/days.ts';
import type { ActiveJobStore } from '../../shared/store/sources/active-jobs.ts';
import { type ToEnd, wordFor } from './judge.ts';

/** Endings in one commit: a record that moved makes the others be looked up again. */
const CHUNK = 500;
/** Of one record, so many days are collected again, the newest of those that its end touches. */
const MOST_DAYS = 400;
const LONGEST_ERROR = 2_000;

/** What endings are written with. */
export interface WriteTools {
  store: ActiveJobStore;
  days: DayStore;
  options: ReadOptions;
  run: Pick<RunContext<unknown>, 'commit' | 'runId' | 'signal'>;
  /** Who was asked; `null` where nobody can be. */
  backend: string | null;
  /** The person whose word the verdicts are; `null` where they are the sweep's own. */
  by: string | null;
  now: Date;
  isTimeUp: () => boolean;
}

/**
 * Ends records, each only as it was seen: one that moved since stands, and is told as `race`. Those that cannot be written
 * are added to `unwritable`; what the time did not suffice for is left as it was. Rejects when none can be written.
 */
export async function writeEndings(
  condemned: readonly ToEnd[],
  tools: WriteTools,
  unwritable: { path: string; error: unknown }[],
): Promise<void> {
  const write = async (some: readonly ToEnd[]): Promise<void> => {
    const [first] = some;
    if (!first) return;
    tools.run.signal.throwIfAborted();
    try {
      await commit(some, tools);
      for (const one of some) one.written = 'yes';
    } catch (error) {
      if (!(error instanceof RecordChanged) && !isRefused(error)) throw error;
      const rest = error instanceof RecordChanged ? await withoutMoved(some, tools) : some;
      if (rest.length < some.length) await write(rest);
      else if (some.length > 1)
        for (const half of chunksOf(some, Math.ceil(some.length / 2))) await write(half);
      else if (error instanceof RecordChanged) first.written = 'race';
      else unwritable.push({ path: first.found.seen.path, error });
    }
  };
  for (const some of chunksOf(condemned, CHUNK)) {
    if (tools.isTimeUp()) break;
    await write(some);
  }
}

/** Those that are still as they were seen; the others are told as `race`. */
async function withoutMoved(
  some: readonly ToEnd[],
  { store, options }: WriteTools,
): Promise<readonly ToEnd[]> {
  const moved = await store.moved(
    some.map(({ found }) => found.seen),
    options,
  );
  const isMoved = ({ found }: ToEnd) => moved.has(found.seen.path);
  for (const one of some.filter(isMoved)) one.written = 'race';
  return some.filter((one) => !isMoved(one));
}

async function commit(
  some: readonly ToEnd[],
  { store, days, run, backend, by, now }: WriteTools,
): Promise<void> {
  const endings = some.map((one) => ({ one, ending: endingOf(one, store, { run, backend, by, now }) }));
  const dirty = daysOf(some, now);
  const putDays: BuildBatch = (batch) => {
    for (const [date, cause] of dirty) days.markDirty(batch, { date, cause, markedAt: now });
  };
  const putEndings: BuildBatch = (batch) => {
    for (const { one, ending } of endings)
      store.putEnding(batch, one.found.seen, one.found.isExecution, ending);
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
  one: ToEnd,
  { source }: ActiveJobStore,
  { run, backend, by, now }: Pick<WriteTools, 'run' | 'backend' | 'by' | 'now'>,
) {
  const { verdict, suspect } = one;
  const word = wordFor(source, one, verdict);
  if (word === undefined) throw new Error(`Cannot end ${suspect.job.name}: no word for ${verdict.state}`);
  const { kind, rule, because, endedAt, endInferred, error } = verdict;
  const { truth, job } = suspect;
  const asked = { backend: truth && backend, askedAt: truth?.askedAt ?? null, said: truth?.said ?? null };
  const evidence: Omit<Evidence, 'fields'> = {
    verdict: kind,
    rule,
    because,
    ...asked,
    was: job.status,
    foundAt: now,
    runId: run.runId,
    by,
  };
  return { word, endedAt, endInferred, error: error?.slice(0, LONGEST_ERROR) ?? null, evidence };
}

/** The days whose figures it changes that a job ended at `end`, or did not. */
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

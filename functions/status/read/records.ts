import type { Clock } from '../../shared/clock.ts';
import { addMs, MINUTE_MS, SECOND_MS } from '../../shared/dates.ts';
import { messageOf } from '../../shared/errors.ts';
import type { JobHealth } from '../../shared/model/job/sweep.ts';
import type { Alarm } from '../../shared/model/run/alarm.ts';
import type { Health } from '../../shared/model/run/health.ts';
import { whyPartial } from '../../shared/model/run/why-partial.ts';
import type { ReadOptions, Tally } from '../../shared/store/firestore/read-options.ts';
import type { Found, StatusRecords } from '../../shared/store/own/status-records.ts';
import { type Keeper, keep } from '../cache/keep.ts';
import type { StatusRecordsRead } from '../rules/status-answer.ts';

/** For so long what was read is new. */
const LIFE_MS = 4 * SECOND_MS;
/** Clocks of writers may differ by this much: what was written shortly before is asked for again. */
const SKEW_MS = 10 * SECOND_MS;
/** After so long everything is read anew, so that no record that was deleted or written by a wrong clock is kept. */
const WHOLE_MS = 10 * MINUTE_MS;
/** Alarms and the state of the jobs change in the commits of runs, which the tasks' records show; but for mutes. */
const BESIDE_MS = MINUTE_MS;
const LIMIT_MS = 4 * SECOND_MS;
/** More open alarms than anybody reads. */
const MOST_ALARMS = 100;

/** The records of a status, with when each part was read. */
interface Read extends StatusRecordsRead {
  health: ReadonlyMap<string, Health>;
  alarms: readonly Alarm[];
  blocks: readonly JobHealth[];
  /** What is said of the runs that were partial, by their ids. */
  partialRuns: ReadonlyMap<string, string>;
  tasksUnreadable: Found<Health>['unreadable'];
  besideUnreadable: Found<unknown>['unreadable'];
  readAt: Date;
  wholeAt: Date;
  besideAt: Date;
}

/**
 * Keeps the records of the tasks, the open alarms and the state of the jobs: read once, then refilled by what was written
 * since, so that looking costs one read while nothing happens.
 */
export function keepRecords(store: StatusRecords, clock: Clock, tally: Tally): Keeper<StatusRecordsRead> {
  return keep({
    lifeMs: () => LIFE_MS,
    read: (before: Read | undefined, cost) => refill(store, before, clock.now(), cost),
    clock,
    tally,
  });
}

async function refill(
  store: StatusRecords,
  before: Read | undefined,
  now: Date,
  tally: Tally,
): Promise<Read> {
  const options = { tally, signal: AbortSignal.timeout(LIMIT_MS) };
  // A clock that was set back, as beside an emulator, makes everything read before doubtful.
  const known =
    before && isWithin(before.wholeAt, WHOLE_MS, now) && before.readAt <= now ? before : undefined;
  const changed = await store.tasks(known ? addMs(known.readAt, -SKEW_MS) : null, options);
  const health = new Map(known?.health);
  for (const record of changed.records) health.set(record.task, record);
  const partial = await readPartialRuns(store, health, known?.partialRuns ?? new Map(), options);
  const tasks = {
    health,
    partialRuns: partial.runs,
    partial: partialOf(health, partial.runs),
    tasksUnreadable: merged(known?.tasksUnreadable ?? [], changed),
    readAt: now,
    wholeAt: known?.wholeAt ?? now,
  };
  if (known && isWithin(known.besideAt, BESIDE_MS, now) && signature(known.health) === signature(health))
    return {
      ...known,
      ...tasks,
      unreadable: [...tasks.tasksUnreadable, ...partial.unreadable, ...known.besideUnreadable],
    };

  const [alarms, blocks] = await Promise.all([
    store.openAlarms(MOST_ALARMS, options),
    store.jobHealth(options),
  ]);
  const besideUnreadable = [...alarms.unreadable, ...blocks.unreadable];
  return {
    ...tasks,
    alarms: alarms.records,
    blocks: blocks.records,
    besideUnreadable,
    besideAt: now,
    unreadable: [...tasks.tasksUnreadable, ...partial.unreadable, ...besideUnreadable],
  };
}

/** The last run of a task, where it was partial. */
function partialRunOf({ lastOutcome, strip }: Health): string | undefined {
  return lastOutcome === 'partial' ? strip.at(-1)?.runId : undefined;
}

/** Why runs were partial, by their ids, and which of them could not be read. */
interface PartialRuns {
  runs: ReadonlyMap<string, string>;
  unreadable: Found<unknown>['unreadable'];
}

/** Reads the last run of each task that was partial, once; one that cannot be read is asked for again. */
async function readPartialRuns(
  store: StatusRecords,
  health: ReadonlyMap<string, Health>,
  before: ReadonlyMap<string, string>,
  options: ReadOptions,
): Promise<PartialRuns> {
  const runIds = [...health.values()].flatMap((record) => partialRunOf(record) ?? []);
  const runs = new Map<string, string>();
  const unreadable: PartialRuns['unreadable'] = [];
  await Promise.all(
    runIds.map(async (runId) => {
      try {
        const known = before.get(runId);
        const run = known === undefined ? await store.run(runId, options) : null;
        runs.set(runId, known ?? (run ? whyPartial(run) : 'its record is gone'));
      } catch (error) {
        unreadable.push({ path: `taskRuns/${runId}`, message: messageOf(error).split('\n', 1)[0] ?? '' });
      }
    }),
  );
  return { runs, unreadable };
}

function partialOf(
  health: ReadonlyMap<string, Health>,
  partialRuns: ReadonlyMap<string, string>,
): ReadonlyMap<string, string> {
  return new Map(
    [...health].flatMap(([task, record]): [string, string][] => {
      const because = partialRuns.get(partialRunOf(record) ?? '');
      return because === undefined ? [] : [[task, because]];
    }),
  );
}

/** Changes whenever a run has ended or an alarm was opened or closed. */
function signature(health: ReadonlyMap<string, Health>): string {
  return JSON.stringify(
    [...health.values()]
      .map(({ task, lastFinishedAt, openAlarms }) => [task, lastFinishedAt, openAlarms])
      .sort(),
  );
}

/** What cannot be read after a refill: a record that was written since counts as it is now. */
function merged(
  before: Found<Health>['unreadable'],
  { records, unreadable }: Found<Health>,
): Found<Health>['unreadable'] {
  const isNew = (path: string) =>
    unreadable.some((one) => one.path === path) || records.some(({ task }) => path.endsWith(`/${task}`));
  return [...before.filter(({ path }) => !isNew(path)), ...unreadable];
}

function isWithin(at: Date, ms: number, now: Date): boolean {
  return Math.abs(now.getTime() - at.getTime()) < ms;
}

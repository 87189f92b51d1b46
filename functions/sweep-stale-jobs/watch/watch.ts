import { LeaseLost, RecordChanged } from '../../shared/errors.ts';
import type { AlarmToOpen } from '../../shared/model/run/alarm.ts';
import { type EndRules, ended, lostEnding } from '../../shared/model/run/ending.ts';
import type { Health } from '../../shared/model/run/health.ts';
import { newHealth } from '../../shared/model/run/lease.ts';
import type { Run, RunProblem } from '../../shared/model/run/run.ts';
import {
  type History,
  hasExpired,
  type Judgement,
  judged,
  slotsToJudge,
  type WatchedTask,
} from '../../shared/model/run/watch.ts';
import type { RunContext } from '../../shared/run/task.ts';
import type { Seen } from '../../shared/store/own/records.ts';
import type { SeenHistory, WatchStore } from '../../shared/store/own/watch.ts';
import { reconcile, type Schedules } from './reconcile.ts';

/** A task whose record changes at each of so many attempts is alive: the next sweep tries again. */
const TRIES = 5;

const NONE: SeenHistory = { runs: [], unreadable: [], seen: new Map() };

/** The stores, catalogue and clock of the watch over our own tasks. */
export interface WatchTools {
  /** The task that watches: its own record is held by its run. */
  own: string;
  /** Every task of the catalogue. */
  tasks: readonly WatchedTask[];
  watch: WatchStore;
  schedules: Schedules;
  endRules: EndRules;
}

/** What the watch found. */
export interface Watched {
  missedSlots: number;
  expiredLeases: number;
  /** How Cloud Scheduler differs from the catalogue, a line each; `null` where it gave no answer. */
  scheduleDrift: string[] | null;
  /** What could not be watched. */
  problems: RunProblem[];
}

type WatchingRun = Pick<RunContext<unknown>, 'commit' | 'dryRun' | 'startedAt' | 'signal' | 'log'>;

/** What to write about one task. */
interface Finding extends Judgement {
  seen: Seen<Health>;
  /** The run whose lease has expired, as it was read and as it is to be written. */
  lost: { seen: Seen<Run>; run: Run } | null;
  /** Whether a lease has expired, its run recorded or not. */
  expired: boolean;
  slots: readonly Date[];
  history: SeenHistory & History;
}

/**
 * Ends runs of our own tasks whose lease has expired as lost, records slots without a run as missed, with the reason, and
 * opens alarms where Cloud Scheduler differs from the catalogue. Each task is one commit, which fails when its record has
 * changed meanwhile. A dry run only counts. One task that cannot be read hides no other. Rejects with LeaseLost, and with
 * the signal's reason.
 */
export async function watchTasks(run: WatchingRun, tools: WatchTools): Promise<Watched> {
  const { liveOf, drift, problems } = await reconcile(tools.tasks, tools.schedules, run);
  const watched: Watched = { missedSlots: 0, expiredLeases: 0, scheduleDrift: drift, problems };
  for (const task of tools.tasks) {
    try {
      const found = await watchTask(task, liveOf(task.task), run, tools);
      if (!found) continue;
      watched.missedSlots += found.missedSlots;
      watched.expiredLeases += found.expired ? 1 : 0;
      watched.problems.push(...found.untold.map((message) => ({ path: task.task, message })));
    } catch (error) {
      run.signal.throwIfAborted();
      if (error instanceof LeaseLost || !(error instanceof Error)) throw error;
      watched.problems.push({ path: task.task, message: `Cannot watch it: ${error.message}` });
    }
  }
  return watched;
}

/** What was found and written; `null` when nothing was. */
async function watchTask(
  task: WatchedTask,
  live: History['live'],
  run: WatchingRun,
  tools: WatchTools,
): Promise<Finding | null> {
  for (let left = TRIES; left > 0; left -= 1) {
    const found = await scan(task, live, run, tools);
    if (found.health === found.seen.data) return null;
    if (run.dryRun) return found;
    try {
      await write(found, task, run, tools);
      return found;
    } catch (error) {
      if (!(error instanceof RecordChanged)) throw error;
    }
  }
  run.log.info(`${task.task} moves whenever it is watched; the next sweep looks again`);
  return null;
}

async function scan(
  task: WatchedTask,
  live: History['live'],
  run: WatchingRun,
  tools: WatchTools,
): Promise<Finding> {
  const { watch, endRules } = tools;
  const now = run.startedAt;
  const by = { now, retention: endRules.retention };
  const seen = await watch.task(task.task);
  let health = seen.data ?? newHealth(task.task, task.expectation, task.nextSlot(now), now);
  let lost: Finding['lost'] = null;
  let open: AlarmToOpen[] = [];
  const { current } = health;
  const expired = hasExpired(current, now);
  if (expired) {
    const holder = await watch.run(current.runId);
    health = { ...health, current: null };
    if (holder.data) {
      const after = ended(health, holder.data, lostEnding(current), endRules);
      lost = { seen: holder, run: after.run };
      ({ health, open } = after);
    }
  }
  const slots = slotsToJudge(health, task, now);
  const [oldest] = slots;
  const found =
    oldest && task.expectation.enabled ? await watch.history(task.task, oldest, run.signal) : NONE;
  let history = { ...found, live };
  let judgement = judged(health, task, slots, history, by);
  // A run whose start cannot be read is found by no query for runs since an instant.
  const fresh = judgement.runs.filter(({ runId }) => !found.seen.has(runId));
  const existing = await watch.existing(fresh.map(({ runId }) => runId));
  if (existing.length > 0) {
    const hidden = fresh.filter(({ runId }) => existing.includes(runId));
    history = { ...history, unreadable: [...history.unreadable, ...hidden] };
    judgement = judged(health, task, slots, history, by);
  }
  return { ...judgement, open: [...open, ...judgement.open], seen, lost, expired, slots, history };
}

/** Writes what was found; rejects with RecordChanged when the task's record has changed since. */
async function write(found: Finding, task: WatchedTask, run: WatchingRun, tools: WatchTools): Promise<void> {
  const { seen, health, lost, runs, open, close, slots, history } = found;
  const { watch, own, endRules } = tools;
  const at = run.startedAt;
  const by = { now: at, retention: endRules.retention };
  if (task.task === own) {
    const change = (now: Health) => judged(now, task, slots, history, by).health;
    return run.commit((batch) => watch.putRuns(batch, runs, history), { open, close, health: change });
  }
  const cause = lost?.run.runId ?? runs.at(-1)?.runId ?? health.current?.runId ?? null;
  await run.commit((batch) => {
    watch.put(batch, seen, { ...health, updatedAt: at });
    if (lost) watch.put(batch, lost.seen, lost.run);
    watch.putRuns(batch, runs, history);
    watch.putAlarms(batch, { open, close }, cause, at);
  });
  watch.logAlarms(open);
}

import { randomUUID } from 'node:crypto';
import { expectationOf, watchedTaskOf } from '../../functions/shared/catalog.ts';
import { addMs, MINUTE_MS } from '../../functions/shared/dates.ts';
import { createLog } from '../../functions/shared/log.ts';
import { type Health, healthSchema } from '../../functions/shared/model/run/health.ts';
import { type Run, runSchema, scheduledRunId } from '../../functions/shared/model/run/run.ts';
import type { WatchedTask } from '../../functions/shared/model/run/watch.ts';
import { decode } from '../../functions/shared/store/firestore/firestore.ts';
import { watchStore } from '../../functions/shared/store/own/watch.ts';
import type { Schedules } from '../../functions/sweep-stale-jobs/watch/reconcile.ts';
import { type Watched, watchTasks } from '../../functions/sweep-stale-jobs/watch/watch.ts';
import { END_RULES } from './end-rules.ts';
import { ENTRY } from './entry.ts';
import { healthOf } from './health.ts';
import { claimTerm, ending, freshRecords, scheduled } from './lifecycle.ts';

/** The task that watches. */
export const SWEEP = 'sweep';
const SILENT = createLog({}, () => undefined);

interface SweepOptions {
  dryRun?: boolean;
  /** Nobody is asked unless given. */
  schedules?: Schedules;
  /** What the catalogue says of the sweep itself. */
  own?: WatchedTask;
  /** Awaited before the watch begins. */
  onClaimed?: () => Promise<unknown>;
}

/** A task of the catalogue. */
export function watched(task: string, over: Partial<typeof ENTRY> = {}): WatchedTask {
  return watchedTaskOf({ ...ENTRY, task, ...over });
}

/** What a record says of a task of the catalogue. */
export function expectation(over: Partial<typeof ENTRY> = {}) {
  return expectationOf({ ...ENTRY, task: '', ...over }, { service: null, revision: null, region: null });
}

/** Records of tasks on the emulator, and sweeps that watch them. */
export function freshWatch() {
  const records = freshRecords();
  const { collections } = records;
  const decodeHealth = async (task: string) => decode(healthSchema, await collections.tasks.doc(task).get());

  /** One sweep at `now`, by a real run that holds its lease. */
  async function sweep(
    now: Date,
    tasks: readonly WatchedTask[],
    { dryRun = false, schedules = 'not in this test', own, onClaimed }: SweepOptions = {},
  ): Promise<Watched> {
    const named = { ...scheduled(), task: SWEEP, runId: `${SWEEP}@manual-${randomUUID()}`, slot: null };
    const term = dryRun
      ? null
      : await claimTerm(records.claimant({ task: SWEEP, ...own }), { ...named, trigger: 'manual' });
    await onClaimed?.();
    const watch = watchStore(collections, SILENT);
    const tools = { own: SWEEP, tasks, watch, schedules, endRules: END_RULES };
    const found = await watchTasks(
      {
        dryRun,
        startedAt: now,
        signal: new AbortController().signal,
        log: SILENT,
        commit: (build, changes) =>
          term ? term.commit(build, changes) : Promise.reject(new Error('A dry run writes nothing')),
      },
      tools,
    );
    await term?.finish(ending('succeeded'));
    return found;
  }

  return {
    ...records,
    sweep,
    /** The record of any task. */
    healthOf: decodeHealth,
    /** Stores a task's record, as one that is watched. */
    async know(task: string, over: Partial<Health> = {}): Promise<void> {
      await collections.tasks.doc(task).set(healthOf({ task, ...over }));
    },
    /** Stores runs of a task, each of one attempt in its slot unless told otherwise. */
    async ran(task: string, slot: Date, over: Partial<Run> = {}): Promise<string> {
      const run = ranAt(task, slot, over);
      await collections.taskRuns.doc(run.runId).set(run);
      return run.runId;
    },
    /** The runs of a task that were recorded as missed, oldest first. */
    async missed(task: string): Promise<Run[]> {
      const { docs } = await collections.taskRuns.where('task', '==', task).get();
      return docs
        .map((document) => decode(runSchema, document))
        .filter(({ outcome }) => outcome === 'missed')
        .sort((a, b) => a.startedAt.getTime() - b.startedAt.getTime());
    },
  };
}

/** The record of a run that did its duty in its slot, in a minute. */
export function ranAt(task: string, slot: Date, over: Partial<Run> = {}): Run {
  const startedAt = over.startedAt ?? slot;
  const endedAt = over.endedAt === undefined ? addMs(startedAt, MINUTE_MS) : over.endedAt;
  const outcome = over.outcome ?? 'succeeded';
  return {
    runId: scheduledRunId(task, slot),
    task,
    trigger: 'scheduled',
    slot,
    whole: true,
    dryRun: false,
    body: {},
    attempt: 1,
    token: 't',
    outcome,
    startedAt,
    endedAt,
    durationMs: MINUTE_MS,
    leaseExpiresAt: null,
    deadlineAt: null,
    summary: {},
    problems: [],
    error: null,
    duplicates: 0,
    expireAt: null,
    attempts: [{ attempt: 1, token: 't', startedAt, endedAt, outcome, error: null }],
    ...over,
  };
}

import type { DocumentReference } from '@google-cloud/firestore';
import { pruneRecords } from '../../functions/prune-records/task.ts';
import { SETTLE_SECONDS } from '../../functions/shared/catalog.ts';
import { addMs, DAY_MS, SECOND_MS } from '../../functions/shared/dates.ts';
import { createLog } from '../../functions/shared/log.ts';
import type { CleanupPlan, Journal } from '../../functions/shared/model/cleanup/cleanup.ts';
import type { Alarm } from '../../functions/shared/model/run/alarm.ts';
import type { Run } from '../../functions/shared/model/run/run.ts';
import type { Answer } from '../../functions/shared/run/answer.ts';
import { retentionStore } from '../../functions/shared/store/own/retention.ts';
import { writeDocuments } from './firestore.ts';
import { healthOf } from './health.ts';
import { freshRecords } from './lifecycle.ts';
import { taskRuns } from './task-runs.ts';
import { ranAt } from './watch.ts';

const SILENT = createLog({}, () => undefined);

/** The instant at which tests prune. */
export const NOW = new Date('2026-03-04T04:00:00.000Z');
export const daysAgo = (days: number) => addMs(NOW, -days * DAY_MS);

interface PruneOptions {
  now?: Date;
  dryRun?: boolean;
  budgetUsed?: () => number;
  /** Called before each commit with its number, from 0; what it throws ends the run. */
  onCommit?: (index: number) => Promise<void>;
}

/** Our own records on the emulator, and runs of prune-records over them, which hold their lease. */
export function freshPruner() {
  const records = freshRecords();
  const { collections } = records;

  return {
    ...records,
    /** A whole run at `now`, or a dry run. */
    async prune({ now = NOW, dryRun, budgetUsed = () => 0, onCommit }: PruneOptions = {}): Promise<Answer> {
      let commits = 0;
      const { entry, deliver } = taskRuns('prune-records', {
        db: records.db,
        now: () => now,
        monotonicMs: () => budgetUsed() * (entry.timeoutSeconds - SETTLE_SECONDS) * SECOND_MS,
        replaceTerm: (term) => ({
          ...term,
          async commit(build, changes) {
            await onCommit?.(commits++);
            await term.commit(build, changes);
          },
        }),
      });
      return deliver(pruneRecords(retentionStore(collections, SILENT)), dryRun ? { dryRun } : {});
    },

    async know(task: string, watchedUntil: Date | null): Promise<void> {
      await collections.tasks.doc(task).set(healthOf({ task, watchedUntil }));
    },
    /** Stores a run that ended a minute after `at`. */
    async ran(at: Date, over: Partial<Run> = {}): Promise<DocumentReference> {
      const run = { ...ranAt('duty', at, over), expireAt: addMs(at, 2 * DAY_MS), ...over };
      await collections.taskRuns.doc(run.runId).set(run);
      return collections.taskRuns.doc(run.runId);
    },
    async alarm(id: string, closedAt: Date | null): Promise<DocumentReference> {
      const alarm: Alarm = {
        id,
        subject: 'duty',
        kind: 'failing',
        message: 'it failed',
        brokenAt: daysAgo(200),
        openedAt: daysAgo(200),
        closedAt,
        closedBecause: closedAt && 'it works',
        runId: null,
      };
      await collections.alarms.doc(id).set(alarm);
      return collections.alarms.doc(id);
    },
    /** Stores a plan with documents of lines below it. */
    async plan(planId: string, over: Partial<CleanupPlan> = {}, items = 2): Promise<DocumentReference> {
      const plan: CleanupPlan = {
        planId,
        runId: 'run',
        createdAt: daysAgo(91),
        status: 'applied',
        policyHash: '',
        rootCounts: {},
        tripped: [],
        oddRoots: [],
        considered: 0,
        deletes: 0,
        kept: 0,
        keptByReason: {},
        objects: 0,
        bytes: 0,
        approvedAt: null,
        approvalEndsAt: null,
        appliedAt: daysAgo(91),
        alarmId: null,
        ...over,
      };
      const ref = collections.cleanupPlans.doc(planId);
      await ref.set(plan);
      const lines = Array.from({ length: items }, (_, index) => [String(index), { lines: [] }] as const);
      await writeDocuments(records.db, `${ref.path}/items`, lines);
      return ref;
    },
    async journal(id: string, doneAt: Date | null, createdAt = daysAgo(200)): Promise<DocumentReference> {
      const entry: Journal = {
        id,
        runId: 'run',
        planId: 'plan',
        job: 'jobs:jobs/1',
        bucket: 'runs',
        createdAt,
        doneAt,
        life: null,
        entries: [],
      };
      await collections.cleanupJournal.doc(id).set(entry);
      return collections.cleanupJournal.doc(id);
    },
    /** Stores what is remembered of the end of a workload. */
    async end(id: string, expireAt: Date): Promise<DocumentReference> {
      await collections.workloadEnds.doc(id).set({ expireAt });
      return collections.workloadEnds.doc(id);
    },
    /** Ids of what is left of `all`. */
    async left(all: readonly DocumentReference[]): Promise<string[]> {
      if (all.length === 0) return [];
      const found = await records.db.getAll(...all);
      return found.filter(({ exists }) => exists).map(({ id }) => id);
    },
  };
}

export type Pruner = ReturnType<typeof freshPruner>;

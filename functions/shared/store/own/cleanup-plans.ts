import type { Timestamp, WriteBatch } from '@google-cloud/firestore';
import { z } from 'zod';
import { chunksOf } from '../../concurrency.ts';
import { addMs, DAY_MS, MINUTE_MS } from '../../dates.ts';
import type { Log } from '../../log.ts';
import {
  type CleanupPlan,
  type CleanupState,
  cleanupPlanSchema,
  cleanupStateSchema,
  type PlanLine,
  planLineSchema,
} from '../../model/cleanup/cleanup.ts';
import { decode, withTimeout } from '../firestore/firestore.ts';
import type { Collections } from './collections.ts';
import { closeByHand, commitIfUnchanged, put, type Seen, seenOf } from './records.ts';

const LIMIT_MS = MINUTE_MS;
/** A line is about 1 KB, a document 1 MiB. */
const LINES_PER_DOCUMENT = 200;
const DOCUMENTS_PER_COMMIT = 8;
/** An approval is given for the world as it is; after so long it is another one. */
const APPROVAL_DAYS = 7;

const itemsSchema = z.strictObject({ lines: z.array(planLineSchema) });

/** So many of the roots that nobody can read stay accepted, the newest. */
const ACCEPTED_ROOTS = 2_000;

const NO_STATE: CleanupState = {
  approvedPolicyHash: null,
  appliedRootCounts: null,
  appliedPlanId: null,
  acceptedRoots: [],
};

/** The plans of clean-ups, and what the next one is judged by. */
export function cleanupPlanStore(collections: Collections, log: Log) {
  const { cleanupPlans, cleanupState, tasks } = collections;
  const db = cleanupPlans.firestore;
  const ask = <T>(operation: string, call: Promise<T>): Promise<T> =>
    withTimeout(log, operation, LIMIT_MS, call);
  const stateRef = cleanupState.doc('current');

  return {
    /** Stores the lines of a new plan, before the plan itself: one that can be read is whole. */
    async writeLines(planId: string, lines: readonly PlanLine[]): Promise<void> {
      const items = cleanupPlans.doc(planId).collection('items');
      const documents = [...chunksOf(lines, LINES_PER_DOCUMENT).entries()];
      for (const some of chunksOf(documents, DOCUMENTS_PER_COMMIT)) {
        const batch = db.batch();
        for (const [index, each] of some)
          batch.set(items.doc(String(index).padStart(6, '0')), { lines: each });
        await ask(`items of ${planId}`, batch.commit());
      }
    },

    /** Adds to `batch` a new plan, whose lines are stored. */
    add(batch: WriteBatch, plan: CleanupPlan): void {
      batch.create(cleanupPlans.doc(plan.planId), plan);
    },

    /** Stores a new plan, whose lines are stored. For a dry run, which has no lease: nobody else knows its id. */
    async create(plan: CleanupPlan): Promise<void> {
      await ask(`plan ${plan.planId}`, cleanupPlans.doc(plan.planId).create(plan));
    },

    async load(planId: string): Promise<Seen<CleanupPlan>> {
      const found = await ask(`plan ${planId}`, cleanupPlans.doc(planId).get());
      return seenOf(found, (it) => decode(cleanupPlanSchema, it));
    },

    /** The decisions of a plan, in its order. */
    async lines(planId: string): Promise<PlanLine[]> {
      const found = await ask(
        `items of ${planId}`,
        cleanupPlans.doc(planId).collection('items').orderBy('__name__').get(),
      );
      return found.docs.flatMap((document) => decode(itemsSchema, document).lines);
    },

    /** The newest plans, newest first. */
    async newest(limit: number): Promise<CleanupPlan[]> {
      const found = await ask('plans', cleanupPlans.orderBy('createdAt', 'desc').limit(limit).get());
      return found.docs.map((document) => decode(cleanupPlanSchema, document));
    },

    /** The plans that are waiting, approved or begun. */
    async open(): Promise<(Seen<CleanupPlan> & { data: CleanupPlan })[]> {
      const found = await ask(
        'open plans',
        cleanupPlans.where('status', 'in', ['waiting', 'approved', 'applying']).get(),
      );
      return found.docs.map((document) => ({
        ref: document.ref,
        data: decode(cleanupPlanSchema, document),
        updateTime: document.updateTime,
      }));
    },

    /** Adds to `batch` what has become of a plan. */
    change(batch: WriteBatch, { ref, data }: Seen<CleanupPlan>, change: Partial<CleanupPlan>): void {
      if (!data) throw new Error(`Cannot change ${ref.path}: it does not exist`);
      batch.update(ref, { ...change });
    },

    async state(): Promise<Seen<CleanupState> & { data: CleanupState }> {
      const found = await ask('clean-up state', stateRef.get());
      const seen = seenOf(found, (it) => decode(cleanupStateSchema, it));
      return { ...seen, data: seen.data ?? NO_STATE };
    },

    /** Adds to `batch` what the next plan is judged by. */
    putState(batch: WriteBatch, seen: Seen<CleanupState>, state: CleanupState): void {
      put(batch, seen, state);
    },

    /**
     * Lets a waiting plan go on, and from now on its policy and the roots that it tells of and nobody can read; its alarm
     * closes in the same commit.
     */
    async approve(planId: string, at: Date): Promise<'approved' | 'missing' | CleanupPlan['status']> {
      for (;;) {
        const [found, task, state] = await ask(
          `plan ${planId}`,
          db.getAll(cleanupPlans.doc(planId), tasks.doc('cleanup-artifacts'), stateRef),
        );
        if (!found?.exists || !state) return 'missing';
        const plan = decode(cleanupPlanSchema, found);
        const lapsed =
          plan.status === 'approved' && plan.approvalEndsAt !== null && plan.approvalEndsAt <= at;
        if (!lapsed && !['waiting', 'proposed'].includes(plan.status)) return plan.status;
        const batch = db.batch();
        const approvalEndsAt = addMs(at, APPROVAL_DAYS * DAY_MS);
        batch.update(
          found.ref,
          { status: 'approved', approvedAt: at, approvalEndsAt },
          { lastUpdateTime: found.updateTime as Timestamp },
        );
        const seen = seenOf(state, (it) => decode(cleanupStateSchema, it));
        const before = seen.data ?? NO_STATE;
        const looked = plan.oddRoots.flatMap(({ key }) => key ?? []);
        const accepted = [...new Set([...before.acceptedRoots, ...looked])].slice(-ACCEPTED_ROOTS);
        put(batch, seen, { ...before, approvedPolicyHash: plan.policyHash, acceptedRoots: accepted });
        if (plan.alarmId)
          closeByHand(
            batch,
            collections,
            task,
            { id: plan.alarmId, because: 'a person approved the plan' },
            at,
          );
        if (await ask(`approval of ${planId}`, commitIfUnchanged(batch))) return 'approved';
      }
    },
  };
}

export type CleanupPlanStore = ReturnType<typeof cleanupPlanStore>;

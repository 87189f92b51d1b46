import type { Timestamp, WriteBatch } from '@google-cloud/firestore';
import { z } from 'zod';
import { chunksOf, chunksWithin } from '../../concurrency.ts';
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
import { bytesOf, storedLine } from '../../model/cleanup/plan-texts.ts';
import { decode, withTimeout } from '../firestore/firestore.ts';
import type { Collections } from './collections.ts';
import { closeByHand, commitIfUnchanged, put, type Seen, type Stored, seenOf } from './records.ts';

const LIMIT_MS = MINUTE_MS;
/** A document may have 1 MiB. A line is about 1 KB, but the texts in it are of others. */
const LINES_PER_DOCUMENT = { items: 200, bytes: 500_000 };
const DOCUMENTS_PER_COMMIT = 8;
/** An approval is given for the world as it is; after so long it is another one. */
const APPROVAL_DAYS = 7;

const itemsSchema = z.strictObject({ lines: z.array(planLineSchema) });

/** How many roots that cannot be read stay accepted, the newest. */
const ACCEPTED_ROOTS = 2_000;

const NO_STATE: CleanupState = {
  approvedPolicyHash: null,
  appliedRootCounts: null,
  appliedPlanId: null,
  acceptedRoots: [],
};

/** The plans of clean-ups, and what the next one is judged by. */
export interface CleanupPlanStore {
  /**
   * Stores the lines of a new plan, long texts cut. They come before the plan, so that a plan that can be read is whole.
   */
  writeLines(planId: string, lines: readonly PlanLine[]): Promise<void>;

  /** Adds to `batch` a new plan, whose lines are stored. */
  add(batch: WriteBatch, plan: CleanupPlan): void;

  /** Stores a new plan, whose lines are stored. Needs no lease, so it is for dry runs: no other run knows the id. */
  create(plan: CleanupPlan): Promise<void>;

  /** A plan as it is stored. */
  load(planId: string): Promise<Seen<CleanupPlan>>;

  /** The decisions of a plan, in its order. */
  lines(planId: string): Promise<PlanLine[]>;

  /** The newest plans, newest first. */
  newest(limit: number): Promise<CleanupPlan[]>;

  /** The plans that are waiting, approved or begun. */
  open(): Promise<Stored<CleanupPlan>[]>;

  /** Adds to `batch` what has become of a plan. */
  change(batch: WriteBatch, plan: Seen<CleanupPlan>, change: Partial<CleanupPlan>): void;

  /** What the next plan is judged by; the initial state where none is stored. */
  state(): Promise<Stored<CleanupState>>;

  /** Adds to `batch` what the next plan is judged by. */
  putState(batch: WriteBatch, seen: Seen<CleanupState>, state: CleanupState): void;

  /**
   * Approves a plan that waits or was only proposed, for seven days, and with it for good its policy and the roots in it
   * that cannot be read; its alarm closes in the same commit. Resolves to the plan's status where it cannot be approved.
   */
  approve(planId: string, at: Date): Promise<'approved' | 'missing' | CleanupPlan['status']>;
}

export function cleanupPlanStore(collections: Collections, log: Log): CleanupPlanStore {
  const { cleanupPlans, cleanupState, tasks } = collections;
  const db = cleanupPlans.firestore;
  const ask = <T>(operation: string, call: Promise<T>): Promise<T> =>
    withTimeout(log, operation, LIMIT_MS, call);
  const stateRef = cleanupState.doc('current');

  return {
    async writeLines(planId, lines) {
      const items = cleanupPlans.doc(planId).collection('items');
      const documents = [...chunksWithin(lines.map(storedLine), LINES_PER_DOCUMENT, bytesOf).entries()];
      for (const some of chunksOf(documents, DOCUMENTS_PER_COMMIT)) {
        const batch = db.batch();
        for (const [index, each] of some)
          batch.set(items.doc(String(index).padStart(6, '0')), { lines: each });
        await ask(`items of ${planId}`, batch.commit());
      }
    },

    add(batch, plan) {
      batch.create(cleanupPlans.doc(plan.planId), plan);
    },

    async create(plan) {
      await ask(`plan ${plan.planId}`, cleanupPlans.doc(plan.planId).create(plan));
    },

    async load(planId) {
      const found = await ask(`plan ${planId}`, cleanupPlans.doc(planId).get());
      return seenOf(found, cleanupPlanSchema);
    },

    async lines(planId) {
      const found = await ask(
        `items of ${planId}`,
        cleanupPlans.doc(planId).collection('items').orderBy('__name__').get(),
      );
      return found.docs.flatMap((document) => decode(itemsSchema, document).lines);
    },

    async newest(limit) {
      const found = await ask('plans', cleanupPlans.orderBy('createdAt', 'desc').limit(limit).get());
      return found.docs.map((document) => decode(cleanupPlanSchema, document));
    },

    async open() {
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

    change(batch, { ref, data }, change) {
      if (!data) throw new Error(`Cannot change ${ref.path}: it does not exist`);
      batch.update(ref, { ...change });
    },

    async state() {
      const found = await ask('clean-up state', stateRef.get());
      const seen = seenOf(found, cleanupStateSchema);
      return { ...seen, data: seen.data ?? NO_STATE };
    },

    putState(batch, seen, state) {
      put(batch, seen, state);
    },

    async approve(planId, at) {
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
        const seen = seenOf(state, cleanupStateSchema);
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

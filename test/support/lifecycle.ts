import { setTimeout as pause } from 'node:timers/promises';
import type { Firestore } from '@google-cloud/firestore';
import { expectationOf, nextSlot } from '../../functions/shared/catalog.ts';
import { systemClock } from '../../functions/shared/clock.ts';
import { createLog } from '../../functions/shared/log.ts';
import { alarmSchema } from '../../functions/shared/model/run/alarm.ts';
import type { Ending } from '../../functions/shared/model/run/ending.ts';
import { healthSchema } from '../../functions/shared/model/run/health.ts';
import { type NamedRun, runSchema, scheduledRunId } from '../../functions/shared/model/run/run.ts';
import { decode } from '../../functions/shared/store/firestore/firestore.ts';
import { collections } from '../../functions/shared/store/own/collections.ts';
import {
  type Lifecycle,
  type LifecycleOptions,
  lifecycle,
} from '../../functions/shared/store/own/lifecycle.ts';
import { END_RULES } from './end-rules.ts';
import { ENTRY } from './entry.ts';
import { openTestFirestore } from './firestore.ts';

/** The task whose lease is fought over. */
export const TASK = 'fixture';
export const SLOT = new Date('2026-11-21T02:00:00.000Z');
const DUTY = { task: TASK, ...ENTRY, startGraceSeconds: 60, timeoutSeconds: 60 };

/** A database of its own on the emulator, with a reader of its records and any number of claimants. */
export function freshRecords() {
  const { db, project, end } = openTestFirestore();
  const all = collections(db, '');
  return {
    project,
    db,
    collections: all,
    /** Claims and writes, through another way to the database where one is given. */
    claimant: ({
      db: way = db,
      ...options
    }: Partial<LifecycleOptions> & { db?: Firestore } = {}): Lifecycle =>
      lifecycle({
        task: TASK,
        collections: collections(way, ''),
        clock: systemClock,
        log: createLog({}, () => undefined),
        expectation: expectationOf(DUTY, { service: null, revision: null, region: null }),
        nextSlot: (after) => nextSlot(DUTY, after),
        leaseMs: 60_000,
        endRules: END_RULES,
        ...options,
      }),
    health: async () => decode(healthSchema, await all.tasks.doc(TASK).get()),
    run: async (runId: string) => decode(runSchema, await all.taskRuns.doc(runId).get()),
    runCount: async () => (await all.taskRuns.count().get()).data().count,
    alarms: async () => (await all.alarms.get()).docs.map((document) => decode(alarmSchema, document)),
    /** Waits until a run holds the task. */
    async untilRunning(): Promise<void> {
      while (!(await all.tasks.doc(TASK).get()).get('current')) await pause(50);
    },
    end,
    [Symbol.asyncDispose]: end,
  };
}

/** A delivery of a slot. */
export function scheduled(slot: Date = SLOT): NamedRun {
  return {
    runId: scheduledRunId(TASK, slot),
    task: TASK,
    trigger: 'scheduled',
    slot,
    whole: true,
    dryRun: false,
    body: {},
  };
}

/** How an attempt ends, now. */
export function ending(outcome: Ending['outcome'], summary: Ending['summary'] = {}): Ending {
  const failed = outcome === 'failed' || outcome === 'timed-out';
  return {
    outcome,
    endedAt: new Date(),
    durationMs: 5,
    summary,
    problems: [],
    error: failed ? { name: 'Error', message: `it ${outcome}`, stack: 'Error: at line 1' } : null,
  };
}

/** The term of a claim that must have been granted. */
export async function claimTerm(claimant: Lifecycle, named: NamedRun = scheduled()) {
  const claim = await claimant.claim(named, 30_000);
  if (claim.kind !== 'claimed') throw new Error(`Expected a claim, got ${claim.kind}`);
  return claim.term;
}

import { randomUUID } from 'node:crypto';
import type { Timestamp, WriteBatch } from '@google-cloud/firestore';
import type { Clock } from '../../clock.ts';
import { serialQueue, sleep } from '../../concurrency.ts';
import { addMs, SECOND_MS } from '../../dates.ts';
import { LeaseLost, RecordChanged } from '../../errors.ts';
import type { Log } from '../../log.ts';
import type { AlarmChanges } from '../../model/run/alarm.ts';
import { alarmsAfter, type Ending, type EndRules, ended } from '../../model/run/ending.ts';
import type { Health, OwnChanges } from '../../model/run/health.ts';
import type { Run } from '../../model/run/run.ts';
import { isConflict, isTransient, withTimeout } from '../firestore/firestore.ts';
import type { Collections } from './collections.ts';
import { logAlarms, put, putAlarms, type RecordStore, type SeenRecords, type Stored } from './records.ts';

const PAUSE_MS = SECOND_MS / 4;

/** How long Firestore is waited for where a lease hangs on it. */
export interface LeaseLimits {
  /** A claim, with all that it reads and writes. */
  claimMs: number;
  /** One try of a write. */
  tryMs: number;
  /** All tries of a write together. */
  writeMs: number;
}

export const LEASE_LIMITS: LeaseLimits = {
  claimMs: 10 * SECOND_MS,
  tryMs: 6 * SECOND_MS,
  writeMs: 20 * SECOND_MS,
};

/** The two records of a run that is held. */
export interface Held {
  health: Stored<Health>;
  run: Stored<Run>;
}

/** One change of the held records, computed anew from what they are at each try. */
interface Change extends AlarmChanges {
  health: Partial<Health>;
  run?: Partial<Run>;
}

/** What a held lease is written with. */
export interface TermOptions {
  collections: Collections;
  records: RecordStore;
  leaseMs: number;
  endRules: EndRules;
  clock: Clock;
  log: Log;
  /** Over LEASE_LIMITS. */
  limits?: Partial<LeaseLimits>;
}

/** A held lease: the only way to write while a run is at work. The protocol: model/run/lease.ts. */
export interface Term {
  readonly runId: string;
  readonly attempt: number;
  /** By Firestore's clock. */
  readonly startedAt: Date;

  /** Renews the lease once. Rejects with LeaseLost when another attempt holds it. */
  renew(): Promise<void>;

  /** Writes what `build` adds, while the run is ours: see RunContext.commit. */
  commit(build: (batch: WriteBatch) => void, changes?: OwnChanges): Promise<void>;

  /**
   * Ends the run: run, health and alarms in one commit. `late` when the run was taken over meanwhile: then only the
   * attempt of this token records that its holder came back. Nothing is written through this term afterwards.
   */
  finish(ending: Ending): Promise<'recorded' | 'late'>;
}

/**
 * The term of a claim that landed, whose records are `start`. Every write goes through one queue and is conditional on the
 * task's record as last seen here. Where a write fails or its answer is lost, the record is read again: its token shows
 * whether the run is still ours, its write id whether that very write landed. So each write is made exactly once or, when
 * that cannot be found out, is an error.
 */
export function openTerm(options: TermOptions, start: Held): Term {
  const { collections, records, leaseMs, clock, log } = options;
  const { tryMs: tryLimitMs, writeMs: writeLimitMs } = { ...LEASE_LIMITS, ...options.limits };
  const db = collections.tasks.firestore;
  const { runId, token } = start.run.data;
  const queue = serialQueue();
  let held = start;
  let closed = false;

  async function write(
    operation: string,
    limitMs: number,
    change: (held: Held, now: Date) => Change,
    build: (batch: WriteBatch) => void = () => undefined,
  ): Promise<void> {
    const writeId = randomUUID();
    const giveUpAt = clock.monotonicMs() + limitMs;
    for (;;) {
      const tryMs = Math.min(tryLimitMs, Math.max(SECOND_MS, giveUpAt - clock.monotonicMs()));
      const now = records.now();
      const { health, run, ...alarms } = change(held, now);
      const nextHealth = { ...held.health.data, ...health, writeId, updatedAt: now };
      const batch = db.batch();
      put(batch, held.health, nextHealth);
      // The task's record is the fence; on the run, deliveries may count their duplicates at any time.
      if (run) batch.update(held.run.ref, { ...run });
      putAlarms(batch, collections, alarms, runId, now);
      build(batch);
      try {
        const [result] = await withTimeout(log, operation, tryMs, batch.commit());
        held = {
          health: { ...held.health, data: nextHealth, updateTime: result?.writeTime ?? null },
          run: { ...held.run, data: { ...held.run.data, ...run } },
        };
      } catch (error) {
        if (!(await landed(operation, writeId, error, tryMs, giveUpAt))) {
          await sleep(PAUSE_MS);
          continue;
        }
      }
      return logAlarms(log, alarms.open ?? []);
    }
  }

  /** After a failed commit: whether it landed all the same. `false`: it did not, and may be tried again. */
  async function landed(
    operation: string,
    writeId: string,
    error: unknown,
    limitMs: number,
    giveUpAt: number,
  ): Promise<boolean> {
    const timeIsUp = () => clock.monotonicMs() >= giveUpAt;
    let fresh: SeenRecords;
    try {
      fresh = await withTimeout(
        log,
        `reading ${runId} after ${operation} failed`,
        limitMs,
        records.read(runId),
      );
    } catch (unreadable) {
      if (timeIsUp()) throw new Error(`Cannot tell whether ${operation} was written`, { cause: unreadable });
      return false;
    }
    const { health, run } = fresh;
    const ours = health.data?.current?.token === token || health.data?.writeId === writeId;
    if (!health.data || !run.data || !ours)
      throw new LeaseLost(`Cannot write ${operation}: run ${runId} was taken over`, { cause: error });
    const moved = !health.updateTime?.isEqual(held.health.updateTime as Timestamp);
    held = { health: { ...health, data: health.data }, run: { ...run, data: run.data } };
    if (health.data.writeId === writeId) return true;
    // The run is ours and its record as it was: what refused the commit is among the task's own writes.
    if (!moved && isConflict(error))
      throw new RecordChanged(`Cannot write ${operation}: a record changed since it was read`, {
        cause: error,
      });
    if (timeIsUp() || !(moved || isTransient(error))) throw error;
    return false;
  }

  function guarded<T>(operation: string, job: () => Promise<T>): Promise<T> {
    return queue(() => {
      if (closed) throw new LeaseLost(`Cannot write ${operation}: run ${runId} has ended`);
      return job();
    });
  }

  const renewed = (current: Health['current'], now: Date): Health['current'] =>
    current && { ...current, heartbeatAt: now, leaseExpiresAt: addMs(now, leaseMs) };

  return {
    runId,
    attempt: start.run.data.attempt,
    startedAt: start.run.data.startedAt,

    renew() {
      const change = ({ health }: Held, now: Date): Change => {
        const current = renewed(health.data.current, now);
        return { health: { current }, run: { leaseExpiresAt: current?.leaseExpiresAt ?? null } };
      };
      return guarded('heartbeat', () => write('heartbeat', Math.min(leaseMs / 2, tryLimitMs), change));
    },

    commit(build, { health: own, ...alarms } = {}) {
      const change = ({ health }: Held, now: Date): Change => ({
        health: {
          ...own?.(health.data),
          current: renewed(health.data.current, now),
          openAlarms: alarmsAfter(health.data.openAlarms, alarms),
        },
        ...alarms,
      });
      return guarded('commit', () => write(`commit of ${runId}`, writeLimitMs, change, build));
    },

    async finish(ending) {
      const change = ({ health, run }: Held): Change => {
        const after = ended(health.data, run.data, ending, options.endRules);
        // Counted by deliveries at any time, so never written back from here.
        const { duplicates: _, ...endedRun } = after.run;
        return { ...after, run: endedRun };
      };
      return guarded('finish', async () => {
        closed = true;
        try {
          await write(`finish of ${runId}`, writeLimitMs, change);
          return 'recorded';
        } catch (error) {
          if (!(error instanceof LeaseLost)) throw error;
          return recordLate(ending);
        }
      });
    },
  };

  async function recordLate(ending: Ending): Promise<'recorded' | 'late'> {
    const giveUpAt = clock.monotonicMs() + writeLimitMs;
    for (;;) {
      try {
        return await withTimeout(log, `late finish of ${runId}`, tryLimitMs, tryRecordLate(ending));
      } catch (error) {
        const worthAnotherTry = isConflict(error) || isTransient(error);
        if (!worthAnotherTry || clock.monotonicMs() >= giveUpAt) throw error;
        await sleep(PAUSE_MS * Math.random());
      }
    }
  }

  /** Keeps a late end on the attempt of this token; `recorded` when it was no late end, for the finish had landed. */
  async function tryRecordLate({ outcome, endedAt }: Ending): Promise<'recorded' | 'late'> {
    const { health, run, now } = await records.read(runId);
    if (!health.data || !run.data)
      throw new Error(`Cannot record the late finish of ${runId}: its record is gone`);
    const own = run.data.attempts.find((attempt) => attempt.token === token);
    if (own?.outcome === outcome) return 'recorded';
    const attempts = run.data.attempts.map((attempt) =>
      attempt === own ? { ...attempt, lateCompletion: { outcome, finishedAt: endedAt } } : attempt,
    );
    const batch = db.batch();
    // Unless the slot was taken up again.
    const isLast = run.data.slot && run.data.outcome === 'lost';
    put(batch, run, { ...run.data, attempts, ...(isLast && { cause: 'finished late' }) });
    // The new holder writes the attempts too: moving the fence makes it read them again first.
    put(batch, health, { ...health.data, updatedAt: now });
    await batch.commit();
    return 'late';
  }
}

import { randomUUID } from 'node:crypto';
import type { Firestore, WriteBatch } from '@google-cloud/firestore';
import type { Clock } from '../clock.ts';
import { serialQueue, sleep } from '../concurrency.ts';
import { SECOND_MS } from '../dates.ts';
import { LeaseLost, RecordChanged } from '../errors.ts';
import type { Log } from '../log.ts';
import type { AlarmToClose, AlarmToOpen } from '../model/alarm.ts';
import { alarmsAfter, type Ending, ended } from '../model/ending.ts';
import type { Health } from '../model/health.ts';
import type { Run } from '../model/run.ts';
import type { Collections } from './collections.ts';
import { bounded } from './firestore.ts';
import { isConflict, put, putAlarms, type RecordStore, type Seen } from './records.ts';

/** How long one try of a write may take, and all tries of it together. */
const TRY_LIMIT_MS = 6 * SECOND_MS;
const WRITE_LIMIT_MS = 20 * SECOND_MS;
const PAUSE_MS = SECOND_MS / 4;

/** The two records of a run that is held. */
export interface Held {
  health: Seen<Health> & { data: Health };
  run: Seen<Run> & { data: Run };
}

/** One change of the held records, computed anew from what they are at each try. */
interface Change {
  health: Partial<Health>;
  run?: Partial<Run>;
  open?: AlarmToOpen[];
  close?: AlarmToClose[];
}

export interface TermOptions {
  db: Firestore;
  collections: Collections;
  records: RecordStore;
  leaseMs: number;
  failuresBeforeAlarm: number;
  clock: Clock;
  log: Log;
}

/**
 * A held lease. Every write goes through one queue and demands the task's record as last seen here; where it has
 * changed, or an answer was lost, the record is read again and tells by its token whether the run is still ours and by
 * its write id whether that very write landed. So each write is made exactly once or not at all.
 */
export function openTerm(options: TermOptions, start: Held) {
  const { db, collections, records, leaseMs, clock, log } = options;
  const { runId, token } = start.run.data;
  const queue = serialQueue();
  let held = start;
  let closed = false;

  async function write(
    operation: string,
    limitMs: number,
    change: (held: Held, now: Date) => Change,
    build?: (batch: WriteBatch) => void,
  ): Promise<void> {
    const writeId = randomUUID();
    const giveUpAt = clock.monotonicMs() + limitMs;
    for (;;) {
      const tryMs = Math.min(TRY_LIMIT_MS, Math.max(SECOND_MS, giveUpAt - clock.monotonicMs()));
      try {
        const now = records.now();
        const { health, run, ...alarms } = change(held, now);
        const nextHealth = { ...held.health.data, ...health, writeId, updatedAt: now };
        const nextRun = { ...held.run.data, ...run };
        const batch = db.batch();
        put(batch, held.health, nextHealth);
        // The task's record is the fence. Duplicates are counted on the run without one, so no update time is demanded.
        if (run) batch.update(held.run.ref, { ...run });
        putAlarms(batch, collections, alarms, runId, now);
        build?.(batch);
        const [result] = await bounded(log, operation, tryMs, batch.commit());
        held = {
          health: { ...held.health, data: nextHealth, updateTime: result?.writeTime ?? null },
          run: { ...held.run, data: nextRun },
        };
        return;
      } catch (error) {
        const fresh = await bounded(
          log,
          `reading ${runId} after ${operation} failed`,
          tryMs,
          records.read(runId),
        ).catch((unreadable: unknown) => {
          if (clock.monotonicMs() >= giveUpAt)
            throw new Error(`Cannot tell whether ${operation} was written`, { cause: unreadable });
          return undefined;
        });
        if (fresh) {
          const { health, run } = fresh;
          if (
            !health.data ||
            !run.data ||
            (health.data.current?.token !== token && health.data.writeId !== writeId)
          )
            throw new LeaseLost(`Cannot write ${operation}: run ${runId} was taken over`, { cause: error });
          const moved = !health.updateTime?.isEqual(
            held.health.updateTime as NonNullable<typeof health.updateTime>,
          );
          held = { health: { ...health, data: health.data }, run: { ...run, data: run.data } };
          if (health.data.writeId === writeId) return;
          // The run is still ours and its record unchanged: what refused the commit is in the task's own writes.
          if (!moved && isConflict(error))
            throw new RecordChanged(`Cannot write ${operation}: a record changed since it was read`, {
              cause: error,
            });
        }
        if (clock.monotonicMs() >= giveUpAt) throw error;
        await sleep(PAUSE_MS);
      }
    }
  }

  function guarded<T>(operation: string, job: () => Promise<T>): Promise<T> {
    return queue(() => {
      if (closed) throw new LeaseLost(`Cannot write ${operation}: run ${runId} has ended`);
      return job();
    });
  }

  const renewed = ({ health }: Held, now: Date): Partial<Health> => ({
    current: health.data.current && {
      ...health.data.current,
      heartbeatAt: now,
      leaseExpiresAt: new Date(now.getTime() + leaseMs),
    },
  });
  const renewedBoth = (now_: Held, now: Date): Change => ({
    health: renewed(now_, now),
    run: { leaseExpiresAt: new Date(now.getTime() + leaseMs) },
  });

  return {
    runId,
    token,
    attempt: start.run.data.attempt,
    startedAt: start.run.data.startedAt,

    /** Renews the lease once. Rejects with LeaseLost when somebody else holds it. */
    renew(): Promise<void> {
      return guarded('heartbeat', () => write('heartbeat', Math.min(leaseMs / 2, TRY_LIMIT_MS), renewedBoth));
    },

    /** Writes what `build` adds, while the run is ours: see RunContext.commit. */
    commit(
      build: (batch: WriteBatch) => void,
      alarms: { open?: AlarmToOpen[]; close?: AlarmToClose[] } = {},
    ): Promise<void> {
      const change = (now_: Held, now: Date): Change => ({
        health: {
          ...renewed(now_, now),
          openAlarms: alarmsAfter(now_.health.data.openAlarms, alarms.open ?? [], alarms.close ?? []),
        },
        ...alarms,
      });
      return guarded('commit', () => write(`commit of ${runId}`, WRITE_LIMIT_MS, change, build));
    },

    /**
     * Ends the run: run, health and alarms in one commit; tells the alarms it opened. `late` when the run was taken
     * over meanwhile: then only the attempt of this token learns that its holder came back. Nothing can be written
     * through this term afterwards.
     */
    async finish(ending: Ending): Promise<{ late: boolean; opened: AlarmToOpen[] }> {
      let opened: AlarmToOpen[] = [];
      const change = (now_: Held): Change => {
        const result = ended(now_.health.data, now_.run.data, ending, options.failuresBeforeAlarm);
        opened = result.open;
        // Counted elsewhere, at any time: never written back from here.
        const { duplicates: _, ...run } = result.run;
        return { health: result.health, run, open: result.open, close: result.close };
      };
      return guarded('finish', async () => {
        closed = true;
        try {
          await write(`finish of ${runId}`, WRITE_LIMIT_MS, change);
          return { late: false, opened };
        } catch (error) {
          if (!(error instanceof LeaseLost)) throw error;
          return { late: await recordLate(ending), opened: [] };
        }
      });
    },
  };

  /** Keeps a late end on the attempt of this token. `false`: it was no late end, the finish itself had landed. */
  async function recordLate({ outcome, endedAt }: Ending): Promise<boolean> {
    const giveUpAt = clock.monotonicMs() + WRITE_LIMIT_MS;
    for (;;) {
      const { health, run, now } = await bounded(
        log,
        `reading ${runId} to record its late finish`,
        TRY_LIMIT_MS,
        records.read(runId),
      );
      if (!health.data || !run.data)
        throw new Error(`Cannot record the late finish of ${runId}: its record is gone`);
      if (run.data.attempts.some((attempt) => attempt.token === token && attempt.outcome === outcome))
        return false;
      const attempts = run.data.attempts.map((attempt) =>
        attempt.token === token ? { ...attempt, lateCompletion: { outcome, finishedAt: endedAt } } : attempt,
      );
      const batch = db.batch();
      put(batch, run, { ...run.data, attempts });
      // The new holder writes the attempts too: moving the fence makes it read them again first.
      put(batch, health, { ...health.data, updatedAt: now });
      try {
        await bounded(log, `late finish of ${runId}`, TRY_LIMIT_MS, batch.commit());
        return true;
      } catch (error) {
        if (clock.monotonicMs() >= giveUpAt) throw error;
        await sleep(PAUSE_MS * Math.random());
      }
    }
  }
}

export type Term = ReturnType<typeof openTerm>;

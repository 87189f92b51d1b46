import { randomUUID } from 'node:crypto';
import { FieldValue } from '@google-cloud/firestore';
import { DAY_MS, laterOf, SECOND_MS } from '../dates.ts';
import type { AlarmToOpen } from '../model/alarm.ts';
import { dryRunRecord, type Ending, ended, lostEnding } from '../model/ending.ts';
import type { Health } from '../model/health.ts';
import { claimed, decideClaim, type Expectation, type NamedRun, newHealth, skipped } from '../model/lease.ts';
import type { Run } from '../model/run.ts';
import { bounded } from './firestore.ts';
import { commitIfUnchanged, put, putAlarms, recordStore, type SeenRecords, tellAlarms } from './records.ts';
import { openTerm, type Term, type TermOptions } from './term.ts';

const CLAIM_LIMIT_MS = 10 * SECOND_MS;
const RELEASE_LIMIT_MS = 3 * SECOND_MS;
const RECORD_LIMIT_MS = 5 * SECOND_MS;

export interface LifecycleOptions extends Omit<TermOptions, 'records'> {
  task: string;
  expectation: Expectation;
  /** The task's first slot after an instant. */
  nextSlot: (after: Date) => Date;
}

export type Claim =
  | { kind: 'claimed'; term: Term }
  | { kind: 'duplicate'; run: Run; live: boolean; retryAfterSeconds: number }
  | { kind: 'skipped'; run: Run; retryAfterSeconds: number };

/** The only writer of runs, leases, health and alarms, with the terms it opens. The protocol: model/lease.ts. */
export function lifecycle(options: LifecycleOptions) {
  const { db, collections, task, expectation, nextSlot, leaseMs, log } = options;
  const records = recordStore(db, collections, task, options.clock, log);

  /** The task's record with what the catalogue says today; a changed schedule or a first sight starts from now. */
  function expected(health: Health | null, named: NamedRun, now: Date): Health {
    const base = health ?? newHealth(task, expectation, nextSlot(now), now);
    const known = base.schedule === expectation.schedule ? base.nextExpectedAt : nextSlot(now);
    const afterSlot = named.slot ? nextSlot(named.slot) : known;
    return { ...base, ...expectation, nextExpectedAt: laterOf(afterSlot, known) };
  }

  async function tryClaim(
    named: NamedRun,
    budgetMs: number,
    token: string,
    seen: SeenRecords,
  ): Promise<Claim | undefined> {
    const { now } = seen;
    const current = seen.health.data?.current ?? null;
    // The client repeats a commit whose answer got lost: the claim that is in the way may be this very one.
    if (seen.run.data && current?.token === token)
      return claimedTerm({
        health: { ...seen.health, data: seen.health.data as Health },
        run: { ...seen.run, data: seen.run.data },
      });

    const decision = decideClaim(seen.health.data, seen.run.data, now);
    const batch = db.batch();
    if (decision.kind === 'duplicate') {
      // Counting needs no fence: nobody else ever writes this field of a run that exists.
      await seen.run.ref.update({ duplicates: FieldValue.increment(1) });
      return {
        kind: 'duplicate',
        run: seen.run.data as Run,
        live: decision.live,
        retryAfterSeconds: until(decision.retryAt, now),
      };
    }
    if (decision.kind === 'skipped') {
      const run = skipped(seen.run.data, named, decision.holder, token, now);
      put(batch, seen.run, run);
      // The slot has its record, so the task is not late for it: the next one is expected.
      if (seen.health.data && named.slot && named.slot >= seen.health.data.nextExpectedAt)
        put(batch, seen.health, {
          ...seen.health.data,
          nextExpectedAt: nextSlot(named.slot),
          updatedAt: now,
        });
      if (!(await commitIfUnchanged(batch))) return undefined;
      return { kind: 'skipped', run, retryAfterSeconds: until(decision.holder.leaseExpiresAt, now) };
    }

    let health = expected(seen.health.data, named, now);
    let run = seen.run.data;
    let opened: AlarmToOpen[] = [];
    if (decision.expired) {
      const own = decision.expired.runId === named.runId;
      const holder = own ? seen.run : await records.readRun(decision.expired.runId);
      if (holder.data) {
        const lost = ended(health, holder.data, lostEnding(decision.expired), options.failuresBeforeAlarm);
        health = lost.health;
        opened = lost.open;
        if (own) run = lost.run;
        else put(batch, holder, lost.run);
        putAlarms(batch, collections, lost, holder.data.runId, now);
      }
    }
    const next = claimed(
      health,
      run,
      named,
      {
        token,
        attempt: decision.attempt,
        leaseExpiresAt: later(now, leaseMs),
        deadlineAt: later(now, budgetMs),
      },
      now,
    );
    const nextHealth = { ...next.health, writeId: token, updatedAt: now };
    put(batch, seen.health, nextHealth);
    put(batch, seen.run, next.run);
    const results = await commitIfUnchanged(batch);
    if (!results) return undefined;
    tellAlarms(log, opened);
    const updateTime = results.at(-1)?.writeTime ?? null;
    return claimedTerm({
      health: { ...seen.health, data: nextHealth, updateTime },
      run: { ...seen.run, data: next.run, updateTime },
    });
  }

  function claimedTerm(held: Parameters<typeof openTerm>[1]): Claim {
    return { kind: 'claimed', term: openTerm({ ...options, records }, held) };
  }

  /**
   * Lets go of a claim that got no answer. Where it landed, its attempt ends as skipped, so that a retry takes the run
   * up; where it did not, the task's record is touched, so that it can land no more.
   */
  async function release(named: NamedRun, token: string): Promise<void> {
    const { health, run, now } = await records.read(named.runId);
    const batch = db.batch();
    if (health.data?.current?.token === token && run.data) {
      const attempts = run.data.attempts.map((attempt) =>
        attempt.token === token ? { ...attempt, outcome: 'skipped' as const, endedAt: now } : attempt,
      );
      put(batch, run, {
        ...run.data,
        attempts,
        outcome: 'skipped',
        endedAt: now,
        leaseExpiresAt: null,
        deadlineAt: null,
        expireAt: later(now, 2 * DAY_MS),
      });
      put(batch, health, { ...health.data, current: null, updatedAt: now });
    } else {
      put(batch, health, {
        ...(health.data ?? newHealth(task, expectation, nextSlot(now), now)),
        updatedAt: now,
      });
    }
    await commitIfUnchanged(batch);
  }

  return {
    /**
     * Claims the right to run: one commit over task, run and, at a takeover, the expired run; the loser of a race reads
     * again. Rejects when Firestore gave no answer in time: then nothing is done.
     */
    async claim(named: NamedRun, budgetMs: number): Promise<Claim> {
      const token = randomUUID();
      let givenUp = false;
      const claiming = async () => {
        for (;;) {
          const seen = await records.read(named.runId);
          if (givenUp) throw new Error(`The claim of ${named.runId} was given up on`);
          const claim = await tryClaim(named, budgetMs, token, seen);
          if (claim) return claim;
        }
      };
      try {
        return await bounded(log, `claim of ${named.runId}`, CLAIM_LIMIT_MS, claiming());
      } catch (error) {
        givenUp = true;
        await bounded(log, `release of ${named.runId}`, RELEASE_LIMIT_MS, release(named, token)).catch(
          (failure: unknown) =>
            log.warning(
              `Cannot release the claim of ${named.runId}, its lease will expire: ${String(failure)}`,
            ),
        );
        throw error;
      }
    },

    /** Records a dry run once it has ended; it held no lease and moves no health. */
    async recordDryRun(named: NamedRun, ending: Ending, startedAt: Date): Promise<void> {
      const run = dryRunRecord(named, ending, startedAt);
      await bounded(
        log,
        `record of ${run.runId}`,
        RECORD_LIMIT_MS,
        collections.taskRuns.doc(run.runId).create(run),
      );
    },
  };
}

export type Lifecycle = ReturnType<typeof lifecycle>;

function later(instant: Date, ms: number): Date {
  return new Date(instant.getTime() + ms);
}

function until(instant: Date | null, now: Date): number {
  return instant ? Math.max(1, Math.ceil((instant.getTime() - now.getTime()) / SECOND_MS)) : 0;
}

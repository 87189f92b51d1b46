import { randomUUID } from 'node:crypto';
import { FieldValue } from '@google-cloud/firestore';
import { addMs, laterOf, SECOND_MS } from '../../dates.ts';
import type { AlarmToOpen } from '../../model/run/alarm.ts';
import { dryRunRecord, type Ending, ended, lostEnding } from '../../model/run/ending.ts';
import type { Health } from '../../model/run/health.ts';
import {
  afterSkip,
  type ClaimDecision,
  claimed,
  decideClaim,
  expected,
  givenUp,
  newHealth,
  skipped,
} from '../../model/run/lease.ts';
import type { NamedRun, Run } from '../../model/run/run.ts';
import type { WatchedTask } from '../../model/run/watch.ts';
import { withTimeout } from '../firestore/firestore.ts';
import { commitIfUnchanged, logAlarms, put, putAlarms, recordStore, type SeenRecords } from './records.ts';
import { type Held, LEASE_LIMITS, openTerm, type Term, type TermOptions } from './term.ts';

const RELEASE_LIMIT_MS = 3 * SECOND_MS;
const RECORD_LIMIT_MS = 5 * SECOND_MS;

/** A task as the catalogue has it, and what its runs are written with. */
export interface LifecycleOptions extends WatchedTask, Omit<TermOptions, 'records'> {}

/** The result of a claim. */
export type Claim =
  | { kind: 'claimed'; term: Term }
  | { kind: 'duplicate'; run: Run; live: boolean; retryAfterSeconds: number }
  | { kind: 'skipped'; run: Run; retryAfterSeconds: number };

type Decided<Kind> = Extract<ClaimDecision, { kind: Kind }>;

/**
 * The runs of one task: with the terms that it opens, the only writer of runs, leases, health and alarms while a task is at
 * work. The protocol: model/run/lease.ts.
 */
export interface Lifecycle {
  /**
   * Claims the right to run, with a deadline in `budgetMs`: one commit over task, run and, at a takeover, the expired run; the
   * loser of a race reads again. Rejects when Firestore gave no answer in time: then nothing is done.
   */
  claim(named: NamedRun, budgetMs: number): Promise<Claim>;

  /** Records a dry run once it has ended; it held no lease and moves no health. */
  recordDryRun(named: NamedRun, ending: Ending, startedAt: Date): Promise<void>;
}

export function lifecycle(options: LifecycleOptions): Lifecycle {
  const { collections, task, expectation, nextSlot, leaseMs, endRules, log } = options;
  const { retention } = endRules;
  const { startGraceSeconds } = expectation;
  const { claimMs } = { ...LEASE_LIMITS, ...options.limits };
  const db = collections.tasks.firestore;
  const records = recordStore(collections, task, options.clock, log);

  /** The task's record with the schedule of today's catalogue, its next slot after the one that is claimed. */
  function before(health: Health | null, named: NamedRun, now: Date): Health {
    const known = health
      ? expected(health, expectation, nextSlot, now)
      : newHealth(task, expectation, nextSlot(now), now);
    const afterSlot = named.slot ? nextSlot(named.slot) : known.nextExpectedAt;
    return { ...known, nextExpectedAt: laterOf(afterSlot, known.nextExpectedAt) };
  }

  /** One try; `undefined` when the records changed while it was made. */
  async function tryClaim(
    named: NamedRun,
    budgetMs: number,
    token: string,
    seen: SeenRecords,
  ): Promise<Claim | undefined> {
    const { now } = seen;
    // The client repeats a commit whose answer got lost: the claim that is in the way may be this very one.
    if (seen.run.data && seen.health.data?.current?.token === token)
      return claimedTerm({
        health: { ...seen.health, data: seen.health.data },
        run: { ...seen.run, data: seen.run.data },
      });

    const decision = decideClaim(seen.health.data, seen.run.data, now);
    switch (decision.kind) {
      case 'duplicate':
        return countDuplicate(decision, seen);
      case 'skipped':
        return recordSkip(decision, named, token, seen);
      case 'claim':
        return take(decision, named, budgetMs, token, seen);
    }
  }

  async function countDuplicate(
    { live, retryAt }: Decided<'duplicate'>,
    { run, now }: SeenRecords,
  ): Promise<Claim> {
    // Counting needs no fence: nothing else ever writes this field of a run that exists.
    await run.ref.update({ duplicates: FieldValue.increment(1) });
    return { kind: 'duplicate', run: run.data as Run, live, retryAfterSeconds: until(retryAt, now) };
  }

  async function recordSkip(
    { holder }: Decided<'skipped'>,
    named: NamedRun,
    token: string,
    { run, now }: SeenRecords,
  ): Promise<Claim | undefined> {
    const batch = db.batch();
    // The task's record is left alone: it is late all the same, until a run does what is due.
    const skippedRun = skipped(run.data, named, { holder, token, now }, { startGraceSeconds, retention });
    put(batch, run, afterSkip(run.data, skippedRun));
    if (!(await commitIfUnchanged(batch))) return undefined;
    return { kind: 'skipped', run: skippedRun, retryAfterSeconds: until(holder.leaseExpiresAt, now) };
  }

  /** Takes a task that is free, or whose lease has expired: then the attempt that held it ends as lost. */
  async function take(
    { attempt, expired }: Decided<'claim'>,
    named: NamedRun,
    budgetMs: number,
    token: string,
    seen: SeenRecords,
  ): Promise<Claim | undefined> {
    const { now } = seen;
    const batch = db.batch();
    let health = before(seen.health.data, named, now);
    let run = seen.run.data;
    let opened: AlarmToOpen[] = [];
    if (expired) {
      const own = expired.runId === named.runId;
      const holder = own ? seen.run : await records.readRun(expired.runId);
      if (holder.data) {
        const lost = ended(health, holder.data, lostEnding(expired), endRules);
        health = lost.health;
        opened = lost.open;
        if (own) run = lost.run;
        else put(batch, holder, lost.run);
        putAlarms(batch, collections, lost, holder.data.runId, now);
      }
    }
    const leaseExpiresAt = addMs(now, leaseMs);
    const deadlineAt = addMs(now, budgetMs);
    const next = claimed(health, run, named, { token, attempt, leaseExpiresAt, deadlineAt }, now);
    const nextHealth = { ...next.health, writeId: token, updatedAt: now };
    put(batch, seen.health, nextHealth);
    put(batch, seen.run, next.run);
    const results = await commitIfUnchanged(batch);
    if (!results) return undefined;
    logAlarms(log, opened);
    const updateTime = results.at(-1)?.writeTime ?? null;
    return claimedTerm({
      health: { ...seen.health, data: nextHealth, updateTime },
      run: { ...seen.run, data: next.run, updateTime },
    });
  }

  function claimedTerm(held: Held): Claim {
    return { kind: 'claimed', term: openTerm({ ...options, records }, held) };
  }

  /**
   * Lets go of a claim that got no answer. Where it landed, its attempt ends as skipped, so that a retry takes the run
   * up; where it did not, the task's record is touched, so that it can land no more.
   */
  async function release(named: NamedRun, token: string): Promise<void> {
    for (;;) {
      const { health, run, now } = await records.read(named.runId);
      const batch = db.batch();
      if (health.data?.current?.token === token && run.data) {
        put(batch, run, givenUp(run.data, token, now, retention));
        put(batch, health, { ...health.data, current: null, updatedAt: now });
      } else {
        const untouched = health.data ?? newHealth(task, expectation, nextSlot(now), now);
        put(batch, health, { ...untouched, updatedAt: now });
      }
      // Refused when the claim landed just between: then it is there to be let go of.
      if (await commitIfUnchanged(batch)) return;
    }
  }

  return {
    async claim(named, budgetMs) {
      const token = randomUUID();
      let abandoned = false;
      const claiming = async () => {
        for (;;) {
          const seen = await records.read(named.runId);
          if (abandoned) throw new Error(`The claim of ${named.runId} was given up on`);
          const claim = await tryClaim(named, budgetMs, token, seen);
          if (claim) return claim;
        }
      };
      try {
        return await withTimeout(log, `claim of ${named.runId}`, claimMs, claiming());
      } catch (error) {
        abandoned = true;
        await withTimeout(log, `release of ${named.runId}`, RELEASE_LIMIT_MS, release(named, token)).catch(
          (failure: unknown) =>
            log.warning(
              `Cannot release the claim of ${named.runId}, its lease will expire: ${String(failure)}`,
            ),
        );
        throw error;
      }
    },

    async recordDryRun(named, ending, startedAt) {
      const run = dryRunRecord(named, ending, startedAt, retention);
      await withTimeout(
        log,
        `record of ${run.runId}`,
        RECORD_LIMIT_MS,
        collections.taskRuns.doc(run.runId).create(run),
      );
    },
  };
}

function until(instant: Date | null, now: Date): number {
  return instant ? Math.max(1, Math.ceil((instant.getTime() - now.getTime()) / SECOND_MS)) : 0;
}

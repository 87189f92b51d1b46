import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { systemClock } from '../../../functions/shared/clock.ts';
import { addDays, addMs, dayOf, startOfDay } from '../../../functions/shared/dates.ts';
import { LeaseLost } from '../../../functions/shared/errors.ts';
import type { Outcome } from '../../../functions/shared/model/run/outcomes.ts';
import { claimTerm, ending, freshRecords, SLOT, scheduled, TASK } from '../../support/lifecycle.ts';

const NEXT_SLOT = addMs(SLOT, 86_400_000);

describe('claim()', () => {
  test('grants one of eight claims of one slot at once, the others are live duplicates', async () => {
    await using records = freshRecords();
    const claims = await Promise.all(
      Array.from({ length: 8 }, () => records.claimant().claim(scheduled(), 30_000)),
    );
    assert.equal(claims.filter((claim) => claim.kind === 'claimed').length, 1);
    const duplicates = claims.filter((claim) => claim.kind === 'duplicate');
    assert.equal(duplicates.length, 7);
    assert.ok(duplicates.every((claim) => claim.live && claim.retryAfterSeconds > 0));
    const run = await records.run(scheduled().runId);
    assert.equal(run.duplicates, 7);
    assert.equal(run.attempts.length, 1);
  });

  test('skips one of two slots at once, and a retry of the skipped one runs once the other is done', async () => {
    await using records = freshRecords();
    const first = await claimTerm(records.claimant());
    const other = scheduled(NEXT_SLOT);
    const skipped = await records.claimant().claim(other, 30_000);
    assert.equal(skipped.kind, 'skipped');
    await records.claimant().claim(other, 30_000);
    assert.deepEqual(
      (await records.run(other.runId)).attempts.map((it) => it.outcome),
      ['skipped'],
      'a second skip in a row replaces the first',
    );
    await first.finish(ending('succeeded'));
    const retry = await claimTerm(records.claimant(), other);
    assert.equal(retry.attempt, 2);
    await retry.finish(ending('succeeded'));
    const run = await records.run(other.runId);
    assert.deepEqual(
      run.attempts.map((it) => it.outcome),
      ['skipped', 'succeeded'],
    );
    assert.equal((await records.health()).lastOutcome, 'succeeded');
  });

  const retried: { outcome: Outcome; again: boolean }[] = [
    { outcome: 'failed', again: true },
    { outcome: 'timed-out', again: true },
    { outcome: 'succeeded', again: false },
    { outcome: 'partial', again: false },
  ];
  for (const { outcome, again } of retried) {
    test(`${again ? 'takes up' : 'does not repeat'} a run that ended ${outcome} when its slot is delivered again`, async () => {
      await using records = freshRecords();
      const term = await claimTerm(records.claimant());
      await term.finish(ending(outcome as 'failed', { figure: 7 }));
      const claim = await records.claimant().claim(scheduled(), 30_000);
      assert.equal(claim.kind, again ? 'claimed' : 'duplicate');
      if (claim.kind === 'claimed') assert.equal(claim.term.attempt, 2);
      if (claim.kind === 'duplicate') {
        assert.equal(claim.live, false);
        assert.deepEqual(claim.run.summary, { figure: 7 }, 'the first result is repeated');
      }
    });
  }

  test('expects the slot after the claimed one next, and never an earlier one', async () => {
    await using records = freshRecords();
    const yesterday = startOfDay(addDays(dayOf(new Date()), -1));
    const slot = addMs(yesterday, 2 * 3_600_000);
    await (await claimTerm(records.claimant(), scheduled(slot))).finish(ending('succeeded'));
    const { nextExpectedAt } = await records.health();
    assert.ok(nextExpectedAt.getTime() > Date.now() - 1_000, 'a slot in the past is not expected any more');
  });
});

describe('takeover', () => {
  test('after the lease the next delivery takes over: the first attempt reads lost, dated at the end of its lease', async () => {
    await using records = freshRecords();
    const first = await claimTerm(records.claimant({ leaseMs: 200 }));
    const { leaseExpiresAt } = (await records.health()).current ?? {};
    await pause(250);
    const second = await claimTerm(records.claimant());
    assert.equal(second.attempt, 2);
    const { attempts } = await records.run(first.runId);
    assert.deepEqual(
      attempts.map((it) => it.outcome),
      ['lost', 'running'],
    );
    assert.deepEqual(attempts[0]?.endedAt, leaseExpiresAt);
    assert.equal((await records.health()).consecutiveFailures, 1);
  });

  test('a run that was taken over writes no figure and no record any more, and its late end is only lateCompletion', async () => {
    await using records = freshRecords();
    const first = await claimTerm(records.claimant({ leaseMs: 100 }));
    await pause(150);
    const second = await claimTerm(records.claimant());
    const figure = records.db.doc('figures/today');
    await assert.rejects(
      first.commit((batch) => batch.set(figure, { from: 'first' })),
      LeaseLost,
    );
    await assert.rejects(first.renew(), LeaseLost);
    assert.equal((await figure.get()).exists, false);
    await second.commit((batch) => batch.set(figure, { from: 'second' }));
    const late = await first.finish(ending('succeeded', { from: 'first' }));
    assert.equal(late, 'late');
    assert.equal(await second.finish(ending('partial', { from: 'second' })), 'recorded');
    const run = await records.run(first.runId);
    assert.deepEqual(run.summary, { from: 'second' });
    assert.equal(run.outcome, 'partial');
    assert.deepEqual(
      run.attempts.map((it) => [it.outcome, it.lateCompletion?.outcome]),
      [
        ['lost', 'succeeded'],
        ['partial', undefined],
      ],
    );
  });

  test('another slot takes over an expired run too, and the lost run is closed in the same commit', async () => {
    await using records = freshRecords();
    const first = await claimTerm(records.claimant({ leaseMs: 100 }));
    await pause(150);
    await claimTerm(records.claimant(), scheduled(NEXT_SLOT));
    const run = await records.run(first.runId);
    assert.equal(run.outcome, 'lost');
    assert.match(run.error?.message ?? '', /No sign of life since .*; the lease expired at /);
  });

  test('a holder whose lease ran out, but whom nobody took over, still finishes its run', async () => {
    await using records = freshRecords();
    const term = await claimTerm(records.claimant({ leaseMs: 50 }));
    await pause(100);
    assert.equal(await term.finish(ending('succeeded')), 'recorded');
    assert.equal((await records.run(term.runId)).outcome, 'succeeded');
  });

  for (const [what, aheadMs] of [
    ['five minutes ahead', 300_000],
    ['five minutes behind', -300_000],
  ] as const)
    test(`a claimant whose clock is ${what} judges a lease by Firestore's clock`, async () => {
      await using records = freshRecords();
      const clock = { ...systemClock, now: () => new Date(Date.now() + aheadMs) };
      await claimTerm(records.claimant({ leaseMs: 1_500 }));
      const early = await records.claimant({ clock }).claim(scheduled(), 30_000);
      assert.equal(early.kind, 'duplicate', 'the lease is live');
      await pause(1_600);
      const term = await claimTerm(records.claimant({ clock }));
      assert.equal(term.attempt, 2, 'the lease has expired');
      assert.ok(
        Math.abs(term.startedAt.getTime() - Date.now()) < 5_000,
        'and the record tells the right time',
      );
    });

  test('heartbeats keep a lease beyond its length', async () => {
    await using records = freshRecords();
    const term = await claimTerm(records.claimant({ leaseMs: 400 }));
    for (let beat = 0; beat < 4; beat += 1) {
      await pause(200);
      await term.renew();
    }
    const claim = await records.claimant().claim(scheduled(), 30_000);
    assert.equal(claim.kind, 'duplicate');
  });
});

describe('health and alarms', () => {
  const slotOf = (index: number) => addMs(SLOT, index * 86_400_000);
  const runOnce = async (
    records: ReturnType<typeof freshRecords>,
    index: number,
    outcome: 'succeeded' | 'partial' | 'failed',
  ) => (await claimTerm(records.claimant(), scheduled(slotOf(index)))).finish(ending(outcome));

  test('three failed runs in a row open one alarm, the fourth is told by it, and a success closes it', async () => {
    await using records = freshRecords();
    for (const index of [1, 2]) await runOnce(records, index, 'failed');
    assert.equal((await records.alarms()).length, 0);
    for (const index of [3, 4]) await runOnce(records, index, 'failed');
    const [alarm, ...more] = await records.alarms();
    assert.equal(more.length, 0);
    assert.equal(alarm?.kind, 'failing');
    assert.equal(alarm?.closedAt, null);
    assert.match(alarm?.message ?? '', /^fixture failed, 4 times in a row: /);
    assert.match(alarm?.id ?? '', /^fixture:failing:\d{4}-\d{2}-\d{2}T/);
    assert.deepEqual((await records.health()).openAlarms, [alarm?.id]);
    assert.equal((await records.health()).consecutiveFailures, 4);
    await runOnce(records, 5, 'succeeded');
    assert.equal((await records.health()).consecutiveFailures, 0);
    assert.deepEqual((await records.health()).openAlarms, []);
    const [closed] = await records.alarms();
    assert.ok(closed?.closedAt);
    assert.match(closed?.closedBecause ?? '', /succeeded/);
  });

  test('failures count per run, not per attempt', async () => {
    await using records = freshRecords();
    for (let attempt = 0; attempt < 4; attempt += 1) await runOnce(records, 1, 'failed');
    assert.equal((await records.health()).consecutiveFailures, 1);
    assert.equal((await records.health()).strip.length, 1);
    assert.equal((await records.alarms()).length, 0);
  });

  test('a partial run ends a row of failures, leaves lastSuccessAt and shows as degraded', async () => {
    await using records = freshRecords();
    await runOnce(records, 1, 'succeeded');
    const { lastSuccessAt } = await records.health();
    await runOnce(records, 2, 'failed');
    await runOnce(records, 3, 'partial');
    const health = await records.health();
    assert.equal(health.consecutiveFailures, 0);
    assert.deepEqual(health.lastSuccessAt, lastSuccessAt);
    assert.equal(health.lastOutcome, 'partial');
  });

  test('a run of partial scope holds the lease and is recorded, and moves no health', async () => {
    await using records = freshRecords();
    const named = {
      ...scheduled(),
      runId: 'fixture@manual-1',
      trigger: 'manual' as const,
      slot: null,
      whole: false,
      body: { date: '2026-11-01' },
    };
    const term = await claimTerm(records.claimant(), named);
    assert.equal((await records.health()).current?.runId, named.runId);
    await term.finish(ending('failed'));
    const health = await records.health();
    assert.equal(health.current, null);
    assert.equal(health.lastOutcome, null);
    assert.equal(health.consecutiveFailures, 0);
    assert.deepEqual(health.strip, []);
    assert.equal((await records.run(named.runId)).outcome, 'failed');
  });

  test('the strip keeps the last 60 whole runs', async () => {
    await using records = freshRecords();
    await runOnce(records, 0, 'succeeded');
    const [first] = (await records.health()).strip;
    assert.ok(first);
    const before = Array.from({ length: 59 }, (_, index) => ({ ...first, runId: `run-${index}` }));
    await records.collections.tasks.doc(TASK).update({ strip: before });
    for (const index of [60, 61]) await runOnce(records, index, 'succeeded');
    const { strip } = await records.health();
    const runIds = [...before.slice(1), scheduled(slotOf(60)), scheduled(slotOf(61))].map(
      ({ runId }) => runId,
    );
    assert.deepEqual(
      strip.map(({ runId }) => runId),
      runIds,
    );
  });
});

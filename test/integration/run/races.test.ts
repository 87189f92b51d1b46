import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { claimTerm, ending, freshRecords, scheduled } from '../../support/lifecycle.ts';
import { seededRandom, sized } from '../../support/soak.ts';

const AT_ONCE = 10;

describe('finish against takeover', () => {
  const races = sized(20, 1_000);
  test(`${races} races: nothing is ever overwritten and both attempts stay readable`, async (context) => {
    const random = seededRandom((message) => context.diagnostic(message));
    const count = { finishedFirst: 0, takenOver: 0 };

    async function race(): Promise<void> {
      await using records = freshRecords();
      const leaseMs = 40;
      const first = await claimTerm(records.claimant({ leaseMs }));
      const claimant = records.claimant();
      // The lease runs out; then a finish, a commit and a takeover come in any order, within a few milliseconds.
      await pause(leaseMs);
      const figure = records.db.doc('figures/today');
      const [finish, claim] = await Promise.all([
        pause(random() * 30).then(async () => {
          const wrote = await first
            .commit((batch) => batch.set(figure, { from: 'first' }))
            .then(
              () => true,
              () => false,
            );
          await pause(random() * 10);
          return { wrote, kind: await first.finish(ending('succeeded', { from: 'first' })) };
        }),
        pause(random() * 40).then(() => claimant.claim(scheduled(), 30_000)),
      ]);

      if (claim.kind === 'duplicate') {
        // Live, when the commit renewed the lease just before; done, when the finish came first.
        count.finishedFirst += 1;
        assert.equal(finish.kind, 'recorded');
        const run = await records.run(first.runId);
        assert.deepEqual(run.summary, { from: 'first' });
        assert.deepEqual(
          run.attempts.map((it) => it.outcome),
          ['succeeded'],
        );
        assert.equal(run.duplicates, 1);
      } else {
        assert.equal(claim.kind, 'claimed');
        count.takenOver += 1;
        assert.equal(finish.kind, 'late', 'the first holder knows that it was too late');
        if (claim.kind === 'claimed') {
          await claim.term.commit((batch) => batch.set(figure, { from: 'second' }));
          await claim.term.finish(ending('partial', { from: 'second' }));
        }
        const run = await records.run(first.runId);
        assert.deepEqual(run.summary, { from: 'second' }, 'the late finish overwrote nothing');
        assert.deepEqual((await figure.get()).data(), { from: 'second' });
        assert.deepEqual(
          run.attempts.map((it) => [it.outcome, it.lateCompletion?.outcome]),
          [
            ['lost', 'succeeded'],
            ['partial', undefined],
          ],
        );
      }
      assert.equal((await records.health()).current, null, 'nobody holds the task any more');
    }

    for (let done = 0; done < races; done += AT_ONCE)
      await Promise.all(Array.from({ length: Math.min(AT_ONCE, races - done) }, race));
    context.diagnostic(`finished first ${count.finishedFirst}, taken over ${count.takenOver}`);
    assert.ok(count.finishedFirst > 0 && count.takenOver > 0, 'both orders were seen');
  });
});

describe('claim against claim at a takeover', () => {
  const races = sized(4, 300);
  test(`${races} races of five claimants for an expired lease: exactly one gets it`, async (context) => {
    const random = seededRandom((message) => context.diagnostic(message));
    for (let done = 0; done < races; done += AT_ONCE)
      await Promise.all(
        Array.from({ length: Math.min(AT_ONCE, races - done) }, async () => {
          await using records = freshRecords();
          await claimTerm(records.claimant({ leaseMs: 10 }));
          await pause(12);
          const claims = await Promise.all(
            Array.from({ length: 5 }, async () => {
              await pause(random() * 10);
              return records.claimant().claim(scheduled(), 30_000);
            }),
          );
          assert.equal(claims.filter((claim) => claim.kind === 'claimed').length, 1);
          const run = await records.run(scheduled().runId);
          assert.deepEqual(
            run.attempts.map((it) => it.outcome),
            ['lost', 'running'],
          );
          assert.equal(run.duplicates, 4);
          assert.equal((await records.health()).consecutiveFailures, 1);
        }),
      );
  });
});

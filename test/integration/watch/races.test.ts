import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { addMs } from '../../../functions/shared/dates.ts';
import { scheduledRunId } from '../../../functions/shared/model/run/run.ts';
import { claimTerm, ending, scheduled, TASK } from '../../support/lifecycle.ts';
import { seededRandom, sized } from '../../support/soak.ts';
import { freshWatch, watched } from '../../support/watch.ts';

const AT_ONCE = 10;
const OFTEN = { schedule: '*/10 * * * *', startGraceSeconds: 0 };

/** A slot that has just passed. */
function lastSlot(): Date {
  return new Date(Math.floor(Date.now() / 600_000) * 600_000);
}

async function races(count: number, race: () => Promise<void>): Promise<void> {
  for (let done = 0; done < count; done += AT_ONCE)
    await Promise.all(Array.from({ length: Math.min(AT_ONCE, count - done) }, race));
}

/**
 * What lets both sides of a race go at once, within a few milliseconds; the second waits up to as long as the first has
 * taken before, however busy the machine is, so that either comes first now and then.
 */
function starter(random: () => number) {
  let usualMs = 100;
  return () => {
    const { promise: begun, resolve } = Promise.withResolvers<number>();
    const go = async () => {
      resolve(performance.now());
      await pause(random() * 10);
    };
    return {
      go,
      first: async <T>(work: Promise<T>): Promise<T> => {
        const result = await work;
        usualMs = performance.now() - (await begun);
        return result;
      },
      second: () => begun.then(() => pause(random() * usualMs)),
    };
  };
}

describe('a late arrival against the sweep that records its slot as missed', () => {
  const count = sized(12, 500);
  test(`${count} races: the run is done once, its failures and alarms add up`, async (context) => {
    const random = seededRandom((message) => context.diagnostic(message));
    const seen = { late: 0, inTime: 0 };
    const start = starter(random);
    await races(count, async () => {
      await using records = freshWatch();
      const slot = lastSlot();
      const task = watched(TASK, OFTEN);
      await records.know(TASK, {
        ...OFTEN,
        watchedUntil: addMs(slot, -1),
        lastOutcome: null,
        strip: [],
      });
      // In time as far as the grace goes: only the sweep can call it late.
      const expectation = { ...task.expectation, startGraceSeconds: 900 };
      const claimant = records.claimant({ expectation, nextSlot: task.nextSlot });
      const { go, first, second } = start();
      const [found, term] = await Promise.all([
        first(records.sweep(addMs(slot, 1), [task], { onClaimed: go })),
        second().then(() => claimTerm(claimant, scheduled(slot))),
      ]);
      assert.deepEqual(found.problems, []);
      const run = await records.run(scheduledRunId(TASK, slot));
      assert.equal(run.outcome, 'running');
      const { consecutiveFailures, openAlarms, current } = await records.health();
      assert.equal(current?.token, run.token);
      const late = found.missedSlots === 1;
      assert.deepEqual(
        [run.arrivedLate ?? false, consecutiveFailures, openAlarms.length],
        [late, +late, +late],
      );
      assert.deepEqual(
        run.attempts.map(({ outcome }) => outcome),
        late ? ['missed', 'running'] : ['running'],
      );
      if (late) seen.late += 1;
      else seen.inTime += 1;
      assert.equal(await term.finish(ending('succeeded')), 'recorded');
      const after = await records.health();
      assert.deepEqual([after.consecutiveFailures, after.openAlarms, after.strip.length], [0, [], 1]);
    });
    context.diagnostic(JSON.stringify(seen));
    assert.ok(seen.late > 0 && seen.inTime > 0, 'both orders were seen');
  });
});

describe('a run that finishes while the sweep calls its lease lost', () => {
  const count = sized(12, 500);
  test(`${count} races: whoever comes first stands, nothing is overwritten`, async (context) => {
    const random = seededRandom((message) => context.diagnostic(message));
    const seen = { finished: 0, lost: 0 };
    const start = starter(random);
    await races(count, async () => {
      await using records = freshWatch();
      const term = await claimTerm(records.claimant({ leaseMs: 20 }));
      await pause(20);
      const task = watched(TASK, { startGraceSeconds: 60, timeoutSeconds: 60 });
      const { go, first, second } = start();
      const [found, finish] = await Promise.all([
        first(records.sweep(new Date(Date.now() + 1_000), [task], { onClaimed: go })),
        second().then(() => term.finish(ending('succeeded', { figure: 7 }))),
      ]);
      assert.deepEqual(found.problems, []);
      const run = await records.run(term.runId);
      const { current, consecutiveFailures, openAlarms } = await records.health();
      assert.equal(current, null);
      assert.equal(finish, found.expiredLeases === 1 ? 'late' : 'recorded');
      if (finish === 'late') {
        seen.lost += 1;
        assert.deepEqual([run.outcome, run.attempts[0]?.lateCompletion?.outcome], ['lost', 'succeeded']);
        assert.deepEqual([consecutiveFailures, openAlarms.length], [1, 1]);
      } else {
        seen.finished += 1;
        assert.deepEqual([run.outcome, run.summary], ['succeeded', { figure: 7 }]);
        assert.deepEqual([consecutiveFailures, openAlarms, await records.alarms()], [0, [], []]);
      }
    });
    context.diagnostic(JSON.stringify(seen));
    assert.ok(seen.finished > 0 && seen.lost > 0, 'both orders were seen');
  });
});

describe('two sweeps at once', () => {
  test('record a missed slot once', async () => {
    await using records = freshWatch();
    const slot = lastSlot();
    const task = watched(TASK, OFTEN);
    await records.know(TASK, { ...OFTEN, watchedUntil: addMs(slot, -1) });
    const now = addMs(slot, 1);
    // The lease lets only one of them write: the other one's claim is refused.
    const found = await Promise.allSettled([records.sweep(now, [task]), records.sweep(now, [task])]);
    const missed = found.flatMap((it) => (it.status === 'fulfilled' ? it.value.missedSlots : []));
    assert.equal(
      missed.reduce((sum, each) => sum + each, 0),
      1,
    );
    assert.equal((await records.health()).consecutiveFailures, 1);
  });
});

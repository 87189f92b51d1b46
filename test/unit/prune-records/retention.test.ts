import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  beyondLimit,
  type KeptRun,
  readRun,
  whyPlanStays,
  whyRunStays,
} from '../../../functions/prune-records/rules/retention.ts';
import { addMs, DAY_MS, HOUR_MS, MINUTE_MS } from '../../../functions/shared/dates.ts';
import { EXPIRING, RUNS_PER_TASK } from '../../../functions/shared/model/run/retention.ts';
import { slotsToJudge } from '../../../functions/shared/model/run/watch.ts';
import { healthOf } from '../../support/health.ts';
import { filesBelow } from '../../support/source-files.ts';
import { watched } from '../../support/watch.ts';

const NOW = new Date('2026-03-04T04:00:00.000Z');
const ago = (ms: number) => addMs(NOW, -ms);
const FACTS = { newestRunId: 'newest', watchedUntil: ago(HOUR_MS) };

function run(over: Partial<KeptRun> = {}): KeptRun {
  const endedAt = ago(3 * DAY_MS);
  return {
    id: 'a',
    task: 'duty',
    outcome: 'succeeded',
    startedAt: endedAt,
    endedAt,
    expireAt: ago(1),
    ...over,
  };
}

describe('whyRunStays()', () => {
  for (const [what, over, watchedUntil, stays] of [
    ['has expired', {}, FACTS.watchedUntil, null],
    ['runs', { outcome: 'running', endedAt: null }, FACTS.watchedUntil, /running/],
    ['is the newest', { id: 'newest' }, FACTS.watchedUntil, /newest/],
    ['ended after the last look', { endedAt: ago(HOUR_MS - 1) }, FACTS.watchedUntil, /not watched yet/],
    [
      'ended just before it, by some clock',
      { endedAt: ago(HOUR_MS + MINUTE_MS) },
      FACTS.watchedUntil,
      /not watched/,
    ],
    ['ended well before it', { endedAt: ago(HOUR_MS + 6 * MINUTE_MS) }, FACTS.watchedUntil, null],
    [
      'is not watched, but from so long ago that nobody will',
      { endedAt: ago(35 * DAY_MS + HOUR_MS) },
      ago(90 * DAY_MS),
      null,
    ],
    [
      'is not watched, and will be, for no sweep came',
      { endedAt: ago(35 * DAY_MS - 1) },
      ago(90 * DAY_MS),
      /not watched yet/,
    ],
    ['is of a task that no sweep has seen', { endedAt: ago(1) }, null, null],
  ] as const)
    test(`a run that ${what} ${stays ? 'stays' : 'goes'}`, () => {
      const reason = whyRunStays(run(over), { ...FACTS, watchedUntil }, NOW);
      if (stays) assert.match(reason ?? '', stays);
      else assert.equal(reason, null);
    });

  test('a run that is due stays, however early that is, until the watch has judged its slot', () => {
    const task = watched('duty', { schedule: '0 */6 * * *' });
    for (const days of [0, 1, 2, 10, 34, 36, 90]) {
      const watchedUntil = ago(days * DAY_MS + HOUR_MS);
      const { deployment: _, ...said } = task.expectation;
      const slots = slotsToJudge(healthOf({ ...said, watchedUntil }), task, NOW);
      assert.equal(slots.length, Math.min(days, 35) * 4, `${days} days`);
      for (const slot of slots) {
        const atOnce = { endedAt: slot, startedAt: slot, expireAt: slot };
        assert.match(whyRunStays(run(atOnce), { ...FACTS, watchedUntil }, NOW) ?? '', /not watched yet/);
      }
    }
  });

  test('a run that lacks something is not taken for one', () =>
    assert.throws(() => readRun('a', { task: 'duty', outcome: 'succeeded' })));
});

describe('whyPlanStays()', () => {
  const old = ago(91 * DAY_MS);
  for (const [status, appliedAt, stays] of [
    ['proposed', null, false],
    ['superseded', null, false],
    ['applied', old, false],
    ['applied', ago(89 * DAY_MS), true],
    ['waiting', null, true],
    ['approved', null, true],
    ['applying', null, true],
  ] as const)
    test(`a plan ${status}${appliedAt ? ` ${appliedAt.toISOString()}` : ''} ${stays ? 'stays' : 'goes'}`, () =>
      assert.equal(whyPlanStays({ status, createdAt: old, appliedAt }, NOW) !== null, stays));
});

describe('beyondLimit()', () => {
  const many = (count: number, over: (index: number) => Partial<KeptRun> = () => ({})) =>
    Array.from({ length: count }, (_, index) =>
      run({ id: String(index), startedAt: ago(4 * DAY_MS - index), expireAt: ago(-DAY_MS), ...over(index) }),
    );

  test('takes none of 500', () => assert.deepEqual(beyondLimit(many(RUNS_PER_TASK), FACTS, NOW), []));

  test('takes the oldest successes first, then the oldest others', () => {
    const runs = many(RUNS_PER_TASK + 5, (index) => ({
      outcome: index % 2 && index < 8 ? 'succeeded' : 'failed',
    }));
    assert.deepEqual(
      beyondLimit(runs, FACTS, NOW).map(({ id }) => id),
      ['1', '3', '5', '7', '0'],
    );
  });

  test('counts those that have expired already no more', () => {
    const runs = many(RUNS_PER_TASK + 5, (index) => (index < 5 ? { expireAt: ago(1) } : {}));
    assert.deepEqual(beyondLimit(runs, FACTS, NOW), []);
  });

  test('takes none that must stay, rather keeps more', () => {
    const runs = many(RUNS_PER_TASK + 5, () => ({ endedAt: ago(1) }));
    assert.deepEqual(beyondLimit(runs, FACTS, NOW), []);
  });
});

describe('prune-records', () => {
  test('has no way to a record that is not ours', () => {
    const files = filesBelow('functions').filter(({ path }) => path.startsWith('functions/prune-records/'));
    const stores = files.flatMap(({ imports }) =>
      imports.map(({ to }) => to).filter((to) => to.includes('/store/')),
    );
    assert.deepEqual([...new Set(stores)], ['functions/shared/store/own/retention.ts']);
    assert.doesNotMatch(files.map(({ code }) => code).join('\n'), /databaseOf|sources|\bdb\b/);
  });

  test('keeps what can be brought back from soft delete for as long as anything can, 90 days', () =>
    assert.ok(EXPIRING.journal.keptMs >= 90 * DAY_MS));
});

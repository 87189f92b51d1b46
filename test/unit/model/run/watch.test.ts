import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { addMs, DAY_MS, HOUR_MS, MINUTE_MS } from '../../../../functions/shared/dates.ts';
import {
  alarmsAfter,
  type Ending,
  ended,
  lostEnding,
} from '../../../../functions/shared/model/run/ending.ts';
import type { Health } from '../../../../functions/shared/model/run/health.ts';
import { afterSkip, claimed, expected, skipped } from '../../../../functions/shared/model/run/lease.ts';
import type { Outcome } from '../../../../functions/shared/model/run/outcomes.ts';
import { type Run, scheduledRunId } from '../../../../functions/shared/model/run/run.ts';
import {
  type History,
  judged,
  slotsToJudge,
  WATCHED_MS,
} from '../../../../functions/shared/model/run/watch.ts';
import { END_RULES } from '../../../support/end-rules.ts';
import { currentRun, healthOf, SLOT } from '../../../support/health.ts';
import { scheduled } from '../../../support/lifecycle.ts';
import { expectation, ranAt, watched } from '../../../support/watch.ts';

const GRACE_MS = 900_000;
const { retention } = END_RULES;
const NOTHING: History = { runs: [], unreadable: [] };
const DAILY = watched('duty');
/** Every ten minutes, with a grace of 15. */
const OFTEN = watched('duty', { schedule: '*/10 * * * *' });
const after = (ms: number) => addMs(SLOT, ms);

function known(over: Partial<Health> = {}, task = DAILY): Health {
  const { deployment: _, ...said } = task.expectation;
  return healthOf({ ...said, watchedUntil: after(-HOUR_MS), ...over });
}

function look(health: Health, now: Date, task = DAILY, history: Partial<History> = {}) {
  const slots = slotsToJudge(health, task, now);
  return judged(health, task, slots, { ...NOTHING, ...history }, { now, retention });
}

describe('slotsToJudge()', () => {
  test('takes a slot once its grace is over, and only once', () => {
    const health = known();
    assert.deepEqual(slotsToJudge(health, DAILY, after(GRACE_MS - 1)), []);
    assert.deepEqual(slotsToJudge(health, DAILY, after(GRACE_MS)), [SLOT]);
    assert.deepEqual(slotsToJudge({ ...health, watchedUntil: SLOT }, DAILY, after(GRACE_MS)), []);
  });

  test('goes back to the last look, as far as records are kept', () => {
    const after3Days = slotsToJudge(known({ watchedUntil: after(-3 * DAY_MS) }), DAILY, after(HOUR_MS));
    assert.deepEqual(after3Days, [after(-2 * DAY_MS), after(-DAY_MS), SLOT]);
    const afterAYear = slotsToJudge(known({ watchedUntil: after(-365 * DAY_MS) }), DAILY, after(HOUR_MS));
    assert.deepEqual(afterAYear[0], after(-34 * DAY_MS));
    assert.equal(WATCHED_MS, 35 * DAY_MS);
  });

  test('takes none of a task seen for the first time, by another schedule, or by a clock that was ahead', () => {
    assert.deepEqual(slotsToJudge(known({ watchedUntil: null }), DAILY, after(DAY_MS)), []);
    assert.deepEqual(slotsToJudge(known({ watchedUntil: after(9 * DAY_MS) }), DAILY, after(DAY_MS)), []);
    assert.deepEqual(slotsToJudge(known({ schedule: '0 1 * * *' }), DAILY, after(DAY_MS)), []);
  });
});

describe('judged()', () => {
  const now = after(GRACE_MS);

  test('a slot that nobody ran is missed: a record, a failure, an alarm dated at the end of its grace', () => {
    const { health, runs, open, missedSlots } = look(known(), now);
    assert.equal(missedSlots, 1);
    assert.deepEqual(
      runs.map(({ runId, outcome, slot, startedAt, endedAt }) => ({
        runId,
        outcome,
        slot,
        startedAt,
        endedAt,
      })),
      [{ runId: scheduledRunId('duty', SLOT), outcome: 'missed', slot: SLOT, startedAt: SLOT, endedAt: now }],
    );
    assert.deepEqual(
      open.map(({ kind, brokenAt, message }) => [kind, brokenAt, message]),
      [['missed', now, 'duty did not run at 2026-03-04T02:00:00.000Z']],
    );
    assert.equal(health.consecutiveFailures, 1);
    assert.equal(health.lastOutcome, 'missed');
    assert.match(health.lastError?.message ?? '', /did not run at/);
    assert.equal(health.strip.at(-1)?.outcome, 'missed');
    assert.deepEqual(health.nextExpectedAt, after(DAY_MS));
    assert.deepEqual(health.watchedUntil, SLOT);
    assert.deepEqual(health.openAlarms, [`duty:missed:${now.toISOString()}`]);
  });

  test('a slot that its own run did is none, and the time moves on', () => {
    const { health, missedSlots } = look(known(), now, DAILY, { runs: [ranAt('duty', SLOT)] });
    assert.equal(missedSlots, 0);
    assert.deepEqual(health.watchedUntil, SLOT);
    assert.deepEqual(health.nextExpectedAt, after(DAY_MS));
  });

  test('a slot that was skipped is missed in the record that it has', () => {
    const skipped = ranAt('duty', SLOT, { outcome: 'skipped' });
    const { runs, health } = look(known(), now, DAILY, { runs: [skipped] });
    assert.deepEqual(
      runs.map(({ runId, outcome, cause, attempts }) => [
        runId,
        outcome,
        cause,
        attempts.map((it) => it.outcome),
      ]),
      [[skipped.runId, 'missed', 'skipped', ['skipped', 'missed']]],
    );
    assert.equal(runs[0]?.attempts.at(-1)?.attempt, 2);
    assert.equal(health.consecutiveFailures, 1);
    assert.match(health.lastError?.message ?? '', /its delivery at .* got no lease, and none came again$/);
  });

  test('a slot that a run at work may do is judged once that has ended, and so is what comes later', () => {
    const startedAt = after(MINUTE_MS);
    const current = currentRun({ runId: 'duty@manual-1', startedAt, leaseExpiresAt: after(2 * DAY_MS) });
    const running = ranAt('duty', SLOT, { runId: current.runId, slot: null, startedAt, outcome: 'running' });
    const health = known({ current, watchedUntil: after(-DAY_MS), maxRuntimeSeconds: 2 * 86_400 });
    const limits = watched('duty', { timeoutSeconds: 2 * 86_400 });
    const held = look(health, after(HOUR_MS), limits, { runs: [running] });
    assert.deepEqual([held.missedSlots, held.health], [0, health]);
    const later = look(health, after(DAY_MS + HOUR_MS), limits, { runs: [running] });
    assert.deepEqual([later.missedSlots, later.health], [0, health]);
    const ended = { ...running, outcome: 'succeeded' as const };
    assert.equal(look(health, after(HOUR_MS), DAILY, { runs: [running] }).missedSlots, 1, 'it is stuck');
    const { missedSlots, health: over } = look({ ...health, current: null }, after(HOUR_MS), limits, {
      runs: [ended],
    });
    assert.deepEqual([missedSlots, over.watchedUntil], [0, SLOT]);
    const failed = { ...running, outcome: 'failed' as const };
    assert.equal(
      look({ ...health, current: null }, after(HOUR_MS), limits, { runs: [failed] }).missedSlots,
      1,
    );
  });

  test('72 hours without a sweep hide nothing of the first day', () => {
    const health = known({ watchedUntil: after(-3 * DAY_MS - HOUR_MS) });
    const { runs, missedSlots, untold } = look(health, after(HOUR_MS));
    assert.deepEqual(
      runs.map(({ slot }) => slot),
      [after(-3 * DAY_MS), after(-2 * DAY_MS), after(-DAY_MS), SLOT],
    );
    assert.deepEqual([missedSlots, untold], [4, []]);
  });

  test('of slots whose records may be gone it says so once, and calls none missed', () => {
    const health = known({ watchedUntil: after(-40 * DAY_MS) });
    const { missedSlots, untold, health: seen } = look(health, after(HOUR_MS));
    assert.equal(missedSlots, 35);
    assert.deepEqual(untold, [
      'Nobody can tell of every slot of duty from 2026-01-23T02:00:00.000Z to 2026-01-28T03:00:00.000Z whether it ran: no sweep came in time',
    ]);
    assert.deepEqual(look(seen, after(2 * HOUR_MS)).untold, []);
  });

  test('of a slot a year that is too long ago it says so once', () => {
    const yearly = watched('duty', { schedule: '0 2 1 1 *' });
    const health = known({ watchedUntil: new Date('2025-01-01T02:00:00Z') }, yearly);
    const first = look(health, after(0), yearly);
    assert.equal(first.untold.length, 1);
    assert.deepEqual(look(first.health, after(HOUR_MS), yearly).untold, []);
    assert.equal(
      look(known({ watchedUntil: new Date('2026-01-01T02:00:00Z') }, yearly), after(0), yearly).untold.length,
      0,
    );
  });

  test('a run that nobody can read leaves its slot untold, not missed', () => {
    const unreadable = [{ runId: 'duty@manual-1', startedAt: after(1) }];
    const { missedSlots, untold, health } = look(known(), now, DAILY, { unreadable });
    assert.deepEqual([missedSlots, health.watchedUntil], [0, SLOT]);
    assert.match(untold.join(), /from 2026-03-04T02:00:00.000Z .*: records of runs cannot be read$/);
  });

  test('nothing new leaves the very record', () => {
    const health = known();
    assert.equal(look(health, after(-MINUTE_MS)).health, health);
  });

  test('a first sight, a new schedule and a task enabled again are watched from now on', () => {
    const late = after(DAY_MS + HOUR_MS);
    for (const over of [
      { watchedUntil: null },
      { schedule: '0 1 * * *' },
      { enabled: false },
      // By a clock that was wrong.
      { watchedUntil: after(9 * DAY_MS), nextExpectedAt: after(10 * DAY_MS) },
    ]) {
      const { health, missedSlots } = look(known(over), late);
      assert.equal(missedSlots, 0);
      assert.deepEqual(health.watchedUntil, late);
      assert.equal(health.enabled, true);
      assert.equal(health.schedule, '0 2 * * *');
    }
    for (const over of [{ schedule: '0 1 * * *' }, { watchedUntil: after(9 * DAY_MS) }])
      assert.deepEqual(look(known(over), late).health.nextExpectedAt, after(2 * DAY_MS));
  });

  test('a disabled task has no missed slots; its time only moves on', () => {
    const paused = watched('duty', { enabled: false });
    const first = look(known(), after(DAY_MS), paused);
    assert.equal(first.health.enabled, false, 'the record says so though the task never runs');
    const second = look(first.health, after(3 * DAY_MS), paused);
    assert.equal(second.missedSlots, 0);
    assert.deepEqual(second.health.watchedUntil, after(3 * DAY_MS));
    assert.equal(second.open.length, 0);
  });

  test('of a day of slots the newest 100 have records of their own, the others one that tells of them', () => {
    const { runs, health, open, missedSlots } = look(
      known({ watchedUntil: after(-DAY_MS), strip: [] }, OFTEN),
      after(GRACE_MS),
      OFTEN,
    );
    assert.equal(missedSlots, 144);
    assert.equal(runs.length, 101);
    assert.deepEqual(runs[0]?.summary, {
      missedFrom: after(-DAY_MS + 10 * MINUTE_MS).toISOString(),
      missedTo: after(-DAY_MS + 440 * MINUTE_MS).toISOString(),
      missedSlots: 44,
    });
    assert.equal(runs[0]?.slot, null);
    assert.deepEqual(runs.at(-1)?.slot, SLOT);
    assert.equal(new Set(runs.map(({ runId }) => runId)).size, 101);
    assert.equal(health.consecutiveFailures, 144);
    assert.equal(health.strip.length, 60);
    assert.equal(open.length, 1);
  });

  test('of 10,000 slots, too', () => {
    const everyMinute = watched('duty', { schedule: '* * * * *', startGraceSeconds: 30 });
    const health = known({ watchedUntil: after(-10_000 * MINUTE_MS), strip: [] }, everyMinute);
    const { runs, missedSlots, open } = look(health, after(MINUTE_MS / 2), everyMinute);
    assert.deepEqual([missedSlots, runs.length, open.length], [10_000, 101, 1]);
    assert.equal(runs[0]?.summary.missedSlots, 9_900);
  });

  test('there is one alarm for an incident, and `missed` opens no `failing` beside it', () => {
    const task = known({ strip: [] }, OFTEN);
    const first = look(task, after(-30 * MINUTE_MS), OFTEN);
    assert.equal(first.open.length, 1);
    const second = look(first.health, after(HOUR_MS), OFTEN);
    assert.ok(second.health.consecutiveFailures > 3);
    assert.equal(second.open.length, 0);
    assert.equal(second.health.openAlarms.length, 1);
  });

  test('what was missed before a good run is told, and over', () => {
    const strip = [
      { runId: 'later', outcome: 'succeeded', startedAt: after(10 * MINUTE_MS), durationMs: 1 } as const,
    ];
    const { health, open, close, missedSlots } = look(known({ strip }), after(GRACE_MS));
    assert.equal(missedSlots, 1);
    assert.equal(health.consecutiveFailures, 0);
    assert.equal(health.lastOutcome, 'succeeded');
    assert.deepEqual(health.openAlarms, []);
    assert.deepEqual([open.length, close.map(({ because }) => because)], [1, ['run later succeeded']]);
    assert.deepEqual(
      health.strip.map(({ outcome }) => outcome),
      ['missed', 'succeeded'],
      'in the order of time',
    );
  });

  test('what was missed before a late run of an earlier slot lasts', () => {
    const yesterday = ranAt('duty', after(-DAY_MS), { startedAt: after(5 * MINUTE_MS) });
    const { runId, startedAt } = yesterday;
    const strip = [{ runId, startedAt, outcome: 'succeeded', durationMs: 1 } as const];
    const { health, close } = look(known({ strip }), after(GRACE_MS), DAILY, { runs: [yesterday] });
    assert.deepEqual([health.consecutiveFailures, health.lastOutcome, close], [1, 'missed', []]);
  });

  test('a run past its longest time is stuck though its lease stands, once', () => {
    const current = currentRun({ leaseExpiresAt: after(HOUR_MS) });
    const task = known({ current, watchedUntil: SLOT });
    assert.equal(look(task, after(540_000)).open.length, 0);
    const { open, health } = look(task, after(540_001));
    assert.deepEqual(
      open.map(({ kind, brokenAt }) => [kind, brokenAt]),
      [['stuck', after(540_000)]],
    );
    assert.deepEqual(health.current, current);
    assert.equal(look(health, after(600_000)).open.length, 0);
  });
});

describe('a good whole run', () => {
  const openAlarms = ['failing', 'stuck', 'missed', 'conflict'].map(
    (kind) => `duty:${kind}:2026-03-04T02:00:00.000Z`,
  );
  const end = (outcome: Ending['outcome'], whole = true) =>
    ended(
      known({ openAlarms, current: currentRun() }),
      { ...ranAt('duty', SLOT, { outcome: 'running', endedAt: null }), whole },
      { outcome, endedAt: after(1), durationMs: 1, summary: {}, problems: [], error: null },
      END_RULES,
    );

  for (const outcome of ['succeeded', 'partial'] as const)
    test(`that ${outcome === 'partial' ? 'was partial' : outcome} closes failing, stuck and missed, nothing else`, () =>
      assert.deepEqual(end(outcome).health.openAlarms, [openAlarms[3]]));

  test('only: one of a slot before the missed one, which came late, closes nothing', () => {
    const missed = look(known({ watchedUntil: after(-DAY_MS - HOUR_MS) }), after(HOUR_MS)).health;
    const endOf = (slot: Date) =>
      ended(
        { ...missed, current: currentRun() },
        ranAt('duty', slot, { outcome: 'running', endedAt: null }),
        {
          outcome: 'succeeded',
          endedAt: after(2 * HOUR_MS),
          durationMs: 1,
          summary: {},
          problems: [],
          error: null,
        },
        END_RULES,
      );
    const { health, run, close } = endOf(after(-DAY_MS));
    assert.equal(run.outcome, 'succeeded');
    assert.deepEqual(
      [health.consecutiveFailures, health.lastOutcome, health.openAlarms, close],
      [missed.consecutiveFailures, 'missed', missed.openAlarms, []],
    );
    assert.match(health.lastError?.message ?? '', /did not run/);
    assert.deepEqual(health.lastSuccessAt, after(2 * HOUR_MS));
    const today = endOf(SLOT).health;
    assert.deepEqual([today.consecutiveFailures, today.lastOutcome, today.openAlarms], [0, 'succeeded', []]);
  });

  test('only: a failed one closes nothing, nor does one of partial scope', () => {
    assert.deepEqual(end('failed').health.openAlarms, openAlarms);
    assert.deepEqual(end('succeeded', false).health.openAlarms, openAlarms);
  });
});

describe('a lost run', () => {
  const lose = (over: Partial<Health> = {}, whole = true) => {
    const current = currentRun();
    const run = { ...ranAt('duty', SLOT, { outcome: 'running' as Outcome, endedAt: null }), whole };
    return ended(known({ current, ...over }), run, lostEnding(current), END_RULES);
  };

  test('opens `stuck`, dated at the end of its lease, and no `failing` beside it', () => {
    const { open } = lose({ consecutiveFailures: 5 });
    assert.deepEqual(
      open.map(({ kind, brokenAt }) => [kind, brokenAt]),
      [['stuck', currentRun().leaseExpiresAt]],
    );
  });

  test('opens none while one is open, and none when its scope was partial', () => {
    assert.equal(lose({ openAlarms: ['duty:stuck:2026-03-04T01:00:00.000Z'] }).open.length, 0);
    assert.equal(lose({}, false).open.length, 0);
  });
});

describe('the rest of the books', () => {
  test('an alarm that is opened and closed at once is not open', () => {
    const alarm = { subject: 'duty', kind: 'missed', brokenAt: SLOT, message: '' } as const;
    const id = `duty:missed:${SLOT.toISOString()}`;
    assert.deepEqual(alarmsAfter(['other'], { open: [alarm], close: [{ id, because: '' }] }), ['other']);
  });

  test('a claim of a slot that was missed arrives late, and so do its retries', () => {
    const term = { token: 'a', attempt: 2, leaseExpiresAt: after(1), deadlineAt: after(1) };
    const claim = (over: Partial<Run>) =>
      claimed(known(), ranAt('duty', SLOT, over), scheduled(), term, SLOT).run.arrivedLate;
    assert.equal(claim({ outcome: 'missed' }), true);
    assert.equal(claim({ outcome: 'failed', arrivedLate: true }), true);
    assert.equal(claim({ outcome: 'failed' }), undefined);
  });

  test('a claim of a slot whose grace is over arrives late, unless a delivery came in time', () => {
    const term = { token: 'a', attempt: 1, leaseExpiresAt: after(1), deadlineAt: after(1) };
    const claim = (now: Date, run: Run | null = null) =>
      claimed(known(), run, scheduled(SLOT), term, now).run.arrivedLate;
    assert.equal(claim(after(GRACE_MS)), undefined);
    assert.equal(claim(after(GRACE_MS + 1)), true);
    assert.equal(claim(after(75 * MINUTE_MS)), true);
    assert.equal(claim(after(75 * MINUTE_MS), ranAt('duty', SLOT, { outcome: 'failed' })), undefined);
    assert.equal(
      claimed(known(), null, { ...scheduled(), slot: null }, term, after(DAY_MS)).run.arrivedLate,
      undefined,
    );
  });

  test('a skipped delivery of a missed slot leaves it missed', () => {
    const missed = look(known(), after(HOUR_MS)).runs[0] as Run;
    const found = { holder: currentRun(), token: 'b', now: after(2 * HOUR_MS) };
    const again = skipped(missed, scheduled(SLOT), found, { ...expectation(), retention });
    assert.equal(again.outcome, 'skipped');
    const kept = afterSkip(missed, again);
    assert.deepEqual(
      [kept.outcome, kept.attempt, kept.attempts.map(({ outcome }) => outcome), kept.error?.message],
      ['missed', 2, ['missed', 'skipped'], missed.error?.message],
    );
    assert.equal(afterSkip(null, again), again);
  });

  test('a claim under another schedule, or of a task enabled again, has it watched from then on', () => {
    const now = after(5 * HOUR_MS);
    const next = DAILY.nextSlot;
    const watchedUntil = after(-HOUR_MS);
    assert.deepEqual(expected(known({ watchedUntil }), expectation(), next, now).watchedUntil, watchedUntil);
    for (const over of [{ enabled: false }, { schedule: '0 1 * * *' }]) {
      const { watchedUntil: from, nextExpectedAt } = expected(known(over), expectation(), next, now);
      assert.deepEqual([from, nextExpectedAt], [now, next(now)]);
    }
  });
});

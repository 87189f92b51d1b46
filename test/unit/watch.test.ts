import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../functions/shared/dates.ts';
import { alarmsAfter, type Ending, ended, lostEnding } from '../../functions/shared/model/ending.ts';
import type { Health } from '../../functions/shared/model/health.ts';
import { claimed, expected } from '../../functions/shared/model/lease.ts';
import { type Outcome, scheduledRunId } from '../../functions/shared/model/run.ts';
import { type History, judged, slotsToJudge, WATCHED_MS } from '../../functions/shared/model/watch.ts';
import { currentRun, healthOf, SLOT } from '../support/health.ts';
import { scheduled } from '../support/lifecycle.ts';
import { expectation, ranAt, watched } from '../support/watch.ts';

const GRACE_MS = 900_000;
const NOTHING: History = { recorded: new Set(), spans: [] };
const DAILY = watched('duty');
/** Every ten minutes, with a grace of 15. */
const OFTEN = watched('duty', { schedule: '*/10 * * * *' });
const after = (ms: number) => new Date(SLOT.getTime() + ms);

function known(over: Partial<Health> = {}, task = DAILY): Health {
  const { deployment: _, ...said } = task.expectation;
  return healthOf({ ...said, watchedUntil: after(-HOUR_MS), ...over });
}

function look(health: Health, now: Date, task = DAILY, history: Partial<History> = {}) {
  const slots = slotsToJudge(health, task, now);
  return judged(health, task, slots, { ...NOTHING, ...history }, now);
}

describe('slotsToJudge()', () => {
  test('takes a slot once its grace is over, and only once', () => {
    const health = known();
    assert.deepEqual(slotsToJudge(health, DAILY, after(GRACE_MS - 1)), []);
    assert.deepEqual(slotsToJudge(health, DAILY, after(GRACE_MS)), [SLOT]);
    assert.deepEqual(slotsToJudge({ ...health, watchedUntil: SLOT }, DAILY, after(GRACE_MS)), []);
  });

  test('never looks back further than 48 hours', () => {
    const slots = slotsToJudge(known({ watchedUntil: after(-30 * DAY_MS) }), DAILY, after(HOUR_MS));
    assert.deepEqual(slots, [after(-DAY_MS), SLOT]);
    assert.equal(WATCHED_MS, 48 * HOUR_MS);
  });

  test('takes none of a task seen for the first time, or by another schedule', () => {
    assert.deepEqual(slotsToJudge(known({ watchedUntil: null }), DAILY, after(DAY_MS)), []);
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

  test('a record of the slot, whatever became of its run, is enough', () => {
    const { health, missedSlots } = look(known(), now, DAILY, {
      recorded: new Set([scheduledRunId('duty', SLOT)]),
    });
    assert.equal(missedSlots, 0);
    assert.deepEqual(health.watchedUntil, SLOT);
    assert.deepEqual(health.nextExpectedAt, after(DAY_MS));
  });

  for (const [what, startedAt, endedAt, missed] of [
    ['over the slot', after(-MINUTE_MS), after(1), 0],
    ['that ended at the slot', after(-MINUTE_MS), SLOT, 1],
    ['that began in its grace', after(GRACE_MS), after(GRACE_MS + 1), 0],
    ['that began after its grace', after(GRACE_MS + 1), after(GRACE_MS + 2), 1],
  ] as const)
    test(`with a run of the task ${what} the slot is ${missed ? 'missed' : 'skipped'}`, () =>
      assert.equal(
        look(known(), after(HOUR_MS), DAILY, { spans: [{ startedAt, endedAt }] }).missedSlots,
        missed,
      ));

  test('a slot inside the live run is skipped', () => {
    const current = currentRun({ startedAt: after(-MINUTE_MS), leaseExpiresAt: after(HOUR_MS) });
    const { missedSlots, health } = look(known({ current }), after(GRACE_MS), DAILY);
    assert.equal(missedSlots, 0);
    assert.deepEqual(health.current, current);
  });

  test('nothing new leaves the very record', () => {
    const health = known();
    assert.equal(look(health, after(-MINUTE_MS)).health, health);
  });

  test('a first sight, a new schedule and a task enabled again are watched from now on', () => {
    const late = after(DAY_MS + HOUR_MS);
    for (const over of [{ watchedUntil: null }, { schedule: '0 1 * * *' }, { enabled: false }]) {
      const { health, missedSlots } = look(known(over), late);
      assert.equal(missedSlots, 0);
      assert.deepEqual(health.watchedUntil, late);
      assert.equal(health.enabled, true);
      assert.equal(health.schedule, '0 2 * * *');
    }
    assert.deepEqual(look(known({ schedule: '0 1 * * *' }), late).health.nextExpectedAt, after(2 * DAY_MS));
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
      3,
    );

  for (const outcome of ['succeeded', 'partial'] as const)
    test(`that ${outcome === 'partial' ? 'was partial' : outcome} closes failing, stuck and missed, nothing else`, () =>
      assert.deepEqual(end(outcome).health.openAlarms, [openAlarms[3]]));

  test('only: a failed one closes nothing, nor does one of partial scope', () => {
    assert.deepEqual(end('failed').health.openAlarms, openAlarms);
    assert.deepEqual(end('succeeded', false).health.openAlarms, openAlarms);
  });
});

describe('a lost run', () => {
  const lose = (over: Partial<Health> = {}, whole = true) => {
    const current = currentRun();
    const run = { ...ranAt('duty', SLOT, { outcome: 'running' as Outcome, endedAt: null }), whole };
    return ended(known({ current, ...over }), run, lostEnding(current), 3);
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
    const claim = (over: Parameters<typeof ranAt>[2]) =>
      claimed(known(), ranAt('duty', SLOT, over), scheduled(), term, SLOT).run.arrivedLate;
    assert.equal(claim({ outcome: 'missed' }), true);
    assert.equal(claim({ outcome: 'failed', arrivedLate: true }), true);
    assert.equal(claim({ outcome: 'failed' }), undefined);
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

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { addMs, DAY_MS, HOUR_MS, MINUTE_MS } from '../../../../functions/shared/dates.ts';
import { standingsOf, whyMissed } from '../../../../functions/shared/model/run/duty.ts';
import type { Run } from '../../../../functions/shared/model/run/run.ts';
import { at, SLOT } from '../../../support/health.ts';
import { ranAt } from '../../../support/watch.ts';

const after = (ms: number) => addMs(SLOT, ms);
const TODAY = { slot: SLOT, nextSlot: after(DAY_MS) };
const YESTERDAY = { slot: after(-DAY_MS), nextSlot: SLOT };

/** A run by hand, five minutes after the slot unless told otherwise. */
function byHand(over: Partial<Run> = {}): Run {
  return ranAt('duty', SLOT, {
    runId: 'duty@manual-1',
    slot: null,
    trigger: 'manual',
    startedAt: after(5 * MINUTE_MS),
    ...over,
  });
}

function standing(runs: Run[], liveRunId: string | null = null) {
  return standingsOf('duty', [TODAY], { runs, unreadable: [] }, liveRunId)[0];
}

function why(runs: Run[], live: Parameters<typeof whyMissed>[3] = undefined) {
  const because = whyMissed('duty', TODAY, runs, live);
  return because && `${because.cause}: ${because.words}`;
}

describe('a slot is done', () => {
  for (const outcome of ['running', 'succeeded', 'partial', 'failed', 'timed-out', 'lost'] as const)
    test(`by its own run, which tells that it ${outcome}`, () =>
      assert.equal(standing([ranAt('duty', SLOT, { outcome })]), 'done'));

  test('by its own run, however late it began', () =>
    assert.equal(standing([ranAt('duty', SLOT, { startedAt: after(9 * DAY_MS) })]), 'done'));

  test('by its own run that failed before a retry of it was skipped', () => {
    const { attempts } = ranAt('duty', SLOT, { outcome: 'failed' });
    const skipped = ranAt('duty', SLOT, { outcome: 'skipped' });
    assert.equal(standing([{ ...skipped, attempts: [...attempts, ...skipped.attempts] }]), 'done');
  });

  for (const outcome of ['succeeded', 'partial'] as const)
    test(`by another whole run that ${outcome}`, () => assert.equal(standing([byHand({ outcome })]), 'done'));

  for (const [what, startedAt, expected] of [
    ['just before it', after(-1), 'missed'],
    ['with it', SLOT, 'done'],
    ['hours after it', after(23 * HOUR_MS), 'done'],
    ['with the next slot', after(DAY_MS), 'missed'],
  ] as const)
    test(`or not by a whole run that began ${what}: ${expected}`, () =>
      assert.equal(standing([byHand({ startedAt })]), expected));
});

describe('a slot is missed', () => {
  test('without any run', () => assert.equal(standing([]), 'missed'));

  for (const [what, run] of [
    ['a run of another day', byHand({ whole: false, body: { date: '2026-01-01' } })],
    ['a run of a part', byHand({ whole: false, body: { source: 'jobs' } })],
    ['an undo', byHand({ whole: false, body: { undo: 'cleanup-artifacts@x' } })],
    ['a dry run', byHand({ dryRun: true, body: { dryRun: true } })],
    ['a whole run that failed', byHand({ outcome: 'failed' })],
    ['a whole run that ran out of time', byHand({ outcome: 'timed-out' })],
    ['a whole run that was lost', byHand({ outcome: 'lost' })],
    ['a whole run that was skipped itself', byHand({ outcome: 'skipped' })],
    [
      'a run of yesterday’s slot that came a day late',
      ranAt('duty', after(-DAY_MS), { startedAt: after(MINUTE_MS) }),
    ],
    ['a run of tomorrow’s slot', ranAt('duty', after(DAY_MS), { startedAt: after(MINUTE_MS) })],
    ['a delivery of its own that was skipped', ranAt('duty', SLOT, { outcome: 'skipped' })],
    ['a run over it that began before', byHand({ startedAt: after(-MINUTE_MS), endedAt: after(HOUR_MS) })],
    ['a whole run that says it is running, which nobody holds', byHand({ outcome: 'running' })],
  ] as const)
    test(`with ${what} alone`, () => assert.equal(standing([run]), 'missed'));
});

describe('a slot is not judged yet', () => {
  const running = byHand({ outcome: 'running', endedAt: null });
  test('while a whole run that began after it is at work', () =>
    assert.equal(standing([running], running.runId), 'open'));
  test('but is missed while one of a part is', () =>
    assert.equal(standing([{ ...running, whole: false }], running.runId), 'missed'));
  test('but is done where another one has done it', () =>
    assert.equal(standing([running, byHand({ runId: 'duty@manual-2' })], running.runId), 'done'));
});

test('a slot recorded as missed is not recorded twice', () =>
  assert.equal(standing([ranAt('duty', SLOT, { outcome: 'missed' })]), 'recorded'));

describe('a run that nobody can read', () => {
  const standings = (runId: string, startedAt: Date) =>
    standingsOf('duty', [YESTERDAY, TODAY], { runs: [], unreadable: [{ runId, startedAt }] }, null);
  test('leaves its own slot unknown', () =>
    assert.deepEqual(standings('duty@2026-03-04T02:00:00.000Z', after(-9 * DAY_MS)), ['missed', 'unknown']));
  test('leaves the slot after which it began unknown', () =>
    assert.deepEqual(standings('duty@manual-1', after(-1)), ['unknown', 'missed']));
});

test('each of many slots stands by its own', () => {
  const spans = Array.from({ length: 10_000 }, (_, index) => ({
    slot: at(index * 60),
    nextSlot: at((index + 1) * 60),
  }));
  const runs = [
    ranAt('duty', at(0)),
    ranAt('duty', at(9_999 * 60), { outcome: 'skipped' }),
    byHand({ startedAt: at(5_000 * 60 + 59) }),
    byHand({ runId: 'duty@manual-2', startedAt: at(10_000 * 60) }),
  ];
  const standings = standingsOf('duty', spans, { runs, unreadable: [] }, null);
  const done = standings.flatMap((it, index) => (it === 'done' ? [index] : []));
  assert.deepEqual(done, [0, 5_000]);
});

describe('why a slot was missed', () => {
  const skipped = ranAt('duty', SLOT, { outcome: 'skipped', startedAt: at(1), endedAt: at(1) });

  test('is that another run was live, and which', () =>
    assert.equal(
      why([byHand({ whole: false, startedAt: at(-60), endedAt: at(60) }), skipped], null),
      'skipped: its delivery at 2026-03-04T02:00:01.000Z found duty@manual-1 live (HTTP 409), and none came again',
    ));

  test('is that a claim got no answer, where no run was live', () =>
    assert.equal(
      why([byHand(), skipped], null),
      'skipped: its delivery at 2026-03-04T02:00:01.000Z got no lease, and none came again',
    ));

  test('is what Cloud Scheduler says, and what the last run in its time was instead', () => {
    const partly = byHand({ whole: false, body: { date: '2026-01-01' } });
    const words =
      'duty@manual-1 began at 2026-03-04T02:05:00.000Z, but was asked for {"date":"2026-01-01"} alone';
    assert.equal(why([partly]), `null: ${words}`);
    assert.equal(why([partly], null), `not fired: Cloud Scheduler has no job for it; ${words}`);
    assert.equal(
      why([byHand({ runId: 'other', outcome: 'failed' }), partly]),
      `null: ${words}, and 1 more began before the next slot without doing it`,
    );
  });

  for (const [words, run] of [
    ['ended failed', byHand({ outcome: 'failed' })],
    ['was a dry run', byHand({ dryRun: true })],
    [
      'was of 2026-03-03T02:00:00.000Z',
      ranAt('duty', after(-DAY_MS), { runId: 'duty@manual-1', startedAt: at(300) }),
    ],
    ['was asked for {"undo":"x"} alone', byHand({ whole: false, body: { undo: 'x' } })],
  ] as const)
    test(`tells of a run that ${words}`, () =>
      assert.equal(why([run]), `null: duty@manual-1 began at 2026-03-04T02:05:00.000Z, but ${words}`));

  test('is not known where nobody says anything', () => assert.equal(why([]), null));
});

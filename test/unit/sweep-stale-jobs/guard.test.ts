import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { MINUTE_MS } from '../../../functions/shared/dates.ts';
import type { Verdict } from '../../../functions/shared/model/job/sweep.ts';
import {
  isHeld,
  isNewlyStale,
  type SilenceCounts,
  selfPreservation,
  selfPreservationSoFar,
  tooManyGone,
} from '../../../functions/shared/model/job/verdict/guard.ts';
import { verdictOf } from '../../../functions/shared/model/job/verdict/verdict.ts';
import { ago, NOW, sightedSince, suspectOf, truthOf } from '../../support/suspects.ts';

const CLOCK = { sweptAt: ago(10), now: NOW, intervalMs: 10 * MINUTE_MS };

describe('selfPreservation()', () => {
  const why = (over: Partial<SilenceCounts>) =>
    selfPreservation({ ...CLOCK, newlyStale: 0, active: 100, complete: true, ...over });

  test('is no matter of every day', () => {
    assert.equal(why({}), null);
    assert.equal(why({ newlyStale: 49 }), null);
    assert.equal(why({ newlyStale: 4, active: 4 }), null);
  });

  test('comes with 5 and half of all that fall silent at once', () => {
    assert.equal(
      why({ newlyStale: 600, active: 1000 }),
      '600 of the 1000 active jobs fell silent since 2026-03-09 11:50:00 UTC',
    );
    assert.ok(why({ newlyStale: 50 }));
    assert.ok(why({ newlyStale: 5, active: 5 }));
    assert.match(
      `${why({ newlyStale: 5, active: 9, complete: false })}`,
      /^5 of the 9 .* that could be read/,
    );
  });

  test('comes with the first sweep of all, and after three intervals without one', () => {
    assert.match(`${why({ sweptAt: null })}`, /first sweep/);
    assert.equal(why({ sweptAt: ago(30) }), null);
    assert.equal(why({ sweptAt: ago(30.1) }), 'the last full sweep was 2026-03-09 11:29:54 UTC, 30 min ago');
  });
});

describe('selfPreservationSoFar()', () => {
  test('knows before anything is judged that a sweep sees well, as long as over half show life', () => {
    assert.equal(selfPreservationSoFar(CLOCK, 1_000, 501), null);
    assert.equal(selfPreservationSoFar(CLOCK, 1_000, 500), undefined);
    assert.equal(selfPreservationSoFar(CLOCK, 0, 0), undefined);
  });

  test('knows that a sweep is blind by its clock alone, whoever shows life', () => {
    assert.match(`${selfPreservationSoFar({ ...CLOCK, sweptAt: null }, 10, 10)}`, /first sweep/);
    assert.match(`${selfPreservationSoFar({ ...CLOCK, sweptAt: ago(31) }, 10, 10)}`, /last full sweep/);
  });

  test('never says what the whole sweep would deny', () => {
    for (let active = 1; active <= 40; active += 1)
      for (let alive = 0; alive <= active; alive += 1)
        if (selfPreservationSoFar(CLOCK, active, alive) === null)
          for (let newlyStale = 0; newlyStale <= active - alive; newlyStale += 1)
            assert.equal(selfPreservation({ ...CLOCK, newlyStale, active, complete: true }), null);
  });
});

describe('isNewlyStale()', () => {
  const silentFor = (minutes: number) => verdictOf(suspectOf({ heartbeatAt: ago(minutes) }), NOW);

  test('tells a limit broken since the last full sweep', () => {
    assert.equal(isNewlyStale(silentFor(24), CLOCK), true);
    assert.equal(isNewlyStale(silentFor(25), CLOCK), false);
    assert.equal(isNewlyStale(silentFor(14), CLOCK), false, 'none is broken');
    assert.equal(isNewlyStale(silentFor(44), { ...CLOCK, sweptAt: ago(30) }), true);
    assert.equal(isNewlyStale(silentFor(9000), { ...CLOCK, sweptAt: null }), true);
  });

  test('is not talked out of it by a second sweep at once', () => {
    assert.equal(isNewlyStale(silentFor(24), { ...CLOCK, sweptAt: ago(1) }), true);
    assert.equal(isNewlyStale(silentFor(25), { ...CLOCK, sweptAt: ago(1) }), false);
  });

  test('counts what is silent for no known reason, and only that', () => {
    const silent = { heartbeatAt: ago(20) };
    const told = (over: Parameters<typeof suspectOf>[1], job = {}) =>
      isNewlyStale(verdictOf(suspectOf({ ...silent, ...job }, over), NOW), CLOCK);
    assert.equal(told({ truth: truthOf('running') }), true);
    assert.equal(told({ truth: truthOf('unknown') }), true);
    assert.equal(told({ truth: truthOf('gone') }), true);
    assert.equal(told({ truth: truthOf('failed', { endedAt: ago(8) }) }), false);
    assert.equal(told({ hasHeartbeat: false }), false);
    const overdue = { startedAt: ago(24 * 60 + 5), heartbeatAt: ago(1) };
    assert.equal(told({ truth: truthOf('running', { startedAt: overdue.startedAt }) }, overdue), false);
  });
});

describe('isHeld()', () => {
  const held = (verdict: Verdict, blind: string | null) => isHeld(verdict, CLOCK, blind);
  const lost = (minutes: number, sighted = 10) =>
    verdictOf(suspectOf({ heartbeatAt: ago(minutes) }, { sighting: sightedSince(sighted) }), NOW);

  test('holds what no sweep has found as it is for an interval, however often it was swept', () => {
    assert.equal(held(verdictOf(suspectOf({ heartbeatAt: ago(47) }), NOW), null), true);
    for (const [minutes, is] of [
      [0.1, true],
      [8.9, true],
      [9.1, false],
      [200, false],
    ] as const)
      assert.equal(held(lost(300, minutes), null), is, `${minutes} min`);
  });

  test('holds what is newly stale, and all that is unconfirmed while the sweep is blind', () => {
    assert.deepEqual([held(lost(20), null), held(lost(47), null)], [true, false]);
    assert.deepEqual([held(lost(20), 'blind'), held(lost(47), 'blind')], [true, true]);
  });

  test('holds nothing that somebody knows', () => {
    const told = suspectOf({ heartbeatAt: ago(20) }, { truth: truthOf('failed', { endedAt: ago(18) }) });
    assert.equal(held(verdictOf(told, NOW), 'blind'), false);
    assert.equal(held(lost(2), 'blind'), false);
  });
});

describe('600 of 1,000 live jobs that go silent at once', () => {
  // Within a minute, as hearts beat; they break their limit from 5 min ago on.
  const jobs = Array.from({ length: 600 }, (_, index) => suspectOf({ heartbeatAt: ago(20 - index / 600) }));
  const sweepAt = (now: Date, sweptAt: Date, suspects = jobs) => {
    const clock = { sweptAt, now, intervalMs: CLOCK.intervalMs };
    const sighting = { path: 'jobs/x', stillSince: sweptAt };
    const verdicts = suspects.map((it) => verdictOf({ ...it, sighting }, now));
    const newlyStale = verdicts.filter((it) => isNewlyStale(it, clock)).length;
    const blind = selfPreservation({ ...clock, newlyStale, active: 1000, complete: true });
    const written = verdicts.filter((it) => 'state' in it && !isHeld(it, clock, blind)).length;
    return { blind: blind !== null, written };
  };

  test('are held, and ended one interval later', () => {
    assert.deepEqual(sweepAt(NOW, ago(10)), { blind: true, written: 0 });
    assert.deepEqual(sweepAt(ago(-10), NOW), { blind: false, written: 600 });
  });

  test('are held, too, when a person sweeps again two minutes later', () =>
    assert.deepEqual(sweepAt(ago(-2), NOW), { blind: true, written: 0 }));

  test('are held, too, where a sweep comes while they fall silent or come back, and sees only some', () => {
    assert.deepEqual(sweepAt(ago(4.7), ago(14.7)), { blind: false, written: 0 });
    assert.deepEqual(sweepAt(NOW, ago(10), jobs.slice(0, 30)), { blind: false, written: 0 });
  });
});

describe('tooManyGone()', () => {
  const truths = (gone: number, running: number, unknown = 0) => [
    ...Array.from({ length: gone }, () => truthOf('gone')),
    ...Array.from({ length: running }, () => truthOf('running')),
    ...Array.from({ length: unknown }, () => truthOf('unknown')),
  ];

  test('doubts 5 and over half of the answers, those that tell nothing left out', () => {
    assert.equal(tooManyGone(truths(5, 4)), 'it says of 5 of 9 jobs at once that there are none');
    assert.ok(tooManyGone(truths(5, 0, 100)));
    assert.equal(tooManyGone(truths(5, 5)), null);
    assert.equal(tooManyGone(truths(4, 0)), null);
    assert.equal(tooManyGone([]), null);
  });
});

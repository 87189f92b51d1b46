import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  type Health,
  healthAt,
  STRIP_LENGTH,
  type StripEntry,
  typicalDurationMs,
  withEntry,
} from '../../../../functions/shared/model/run/health.ts';
import type { HealthState } from '../../../../functions/shared/model/run/health-state.ts';
import { at, currentRun, healthOf, SLOT } from '../../../support/health.ts';

const ERROR = { name: 'Error', message: 'no quota\nsecond line', stack: 'Error: no quota' };
const FAILED: Partial<Health> = { consecutiveFailures: 2, lastOutcome: 'failed', lastError: ERROR };
const PARTIAL: Partial<Health> = { lastOutcome: 'partial' };
const NEVER_RAN: Partial<Health> = { lastOutcome: null, lastStartedAt: null, lastSuccessAt: null };
/** Renewed just now, so that only the time since its start can be wrong. */
const longRun = (seconds: number) =>
  currentRun({ heartbeatAt: at(seconds), leaseExpiresAt: at(seconds + 90) });

describe('healthAt()', () => {
  for (const [state, over, seconds, reason] of [
    ['ok', {}, 0, 'last run succeeded'],
    ['new', NEVER_RAN, 0, 'has not run yet'],
    ['running', { current: currentRun() }, 30, 'for 30 s'],
    ['degraded', PARTIAL, 0, 'the last run was partial'],
    ['late', {}, 960, 'due 16 min ago, grace 900 s'],
    ['failing', FAILED, 0, '2 in a row; last failed: no quota'],
    ['stuck', { current: currentRun() }, 100, 'no sign of life for 100 s, lease expired'],
    ['stuck', { current: longRun(600) }, 600, 'running for 10 min, at most 540 s allowed'],
    ['disabled', { enabled: false }, 0, 'not enabled in the catalogue'],
    [
      'unknown',
      { lastStartedAt: at(600) },
      0,
      'a clock is off: its last run began at 2026-03-04 02:10:00 UTC, which is still to come',
    ],
  ] as const)
    test(`says ${state}: ${reason}`, () => {
      const now = healthAt(healthOf(over), at(seconds));
      assert.deepEqual([now.state, now.reason], [state, reason]);
    });

  for (const [what, over, limit, before, beyond] of [
    ['the start grace', {}, 900, 'ok', 'late'],
    ['the start grace of a task that never ran', NEVER_RAN, 900, 'new', 'late'],
    ['the lease', { current: currentRun() }, 90, 'running', 'stuck'],
    ['the longest runtime', { current: longRun(540) }, 540, 'running', 'stuck'],
  ] as [string, Partial<Health>, number, HealthState, HealthState][])
    test(`is ${before} a second before the end of ${what}, at it too, and ${beyond} a second after`, () => {
      const states = [-1, 0, 1].map((off) => healthAt(healthOf(over), at(limit + off)).state);
      assert.deepEqual(states, [before, before, beyond]);
    });

  test('the first match wins: each state hides those behind it', () => {
    const overs: [HealthState, Partial<Health>][] = [
      ['disabled', { enabled: false }],
      ['stuck', { current: currentRun({ leaseExpiresAt: at(950) }) }],
      ['failing', FAILED],
      ['unknown', { lastStartedAt: at(5_000) }],
      ['late', { nextExpectedAt: SLOT }],
      ['degraded', PARTIAL],
    ];
    for (let first = 0; first < overs.length; first += 1) {
      // What is worse is laid over last: a run that failed was not partial.
      const over = Object.assign(
        { nextExpectedAt: at(3600) },
        ...overs
          .slice(first)
          .map(([, it]) => it)
          .reverse(),
      );
      assert.equal(healthAt(healthOf(over), at(1000)).state, overs[first]?.[0]);
    }
  });

  test('a task that is both failing and running says failing, and that it runs', () => {
    const now = healthAt(healthOf({ ...FAILED, current: currentRun() }), at(30));
    assert.deepEqual([now.state, now.running], ['failing', true]);
    assert.equal(healthAt(healthOf(FAILED), at(30)).running, false);
  });

  test('a failure without a recorded error still has a reason', () =>
    assert.equal(
      healthAt(healthOf({ consecutiveFailures: 1, lastOutcome: 'lost' }), SLOT).reason,
      '1 in a row; last lost: no error recorded',
    ));
});

function entry(over: Partial<StripEntry>): StripEntry {
  return { runId: 'duty@1', outcome: 'succeeded', startedAt: SLOT, durationMs: 1000, ...over };
}

describe('typicalDurationMs()', () => {
  test('is the median of the successes', () => {
    const strip = [3, 1, 2].map((durationMs) => entry({ durationMs }));
    assert.equal(typicalDurationMs([...strip, entry({ outcome: 'failed', durationMs: 99 })]), 2);
  });
  test('is unknown without a success', () =>
    assert.equal(typicalDurationMs([entry({ outcome: 'failed' })]), null));
});

describe('withEntry()', () => {
  test('replaces the entry of the same run, newest last', () => {
    const strip = [entry({ runId: 'a' }), entry({ runId: 'b' })];
    assert.deepEqual(
      withEntry(strip, entry({ runId: 'a', outcome: 'failed' })).map((it) => [it.runId, it.outcome]),
      [
        ['b', 'succeeded'],
        ['a', 'failed'],
      ],
    );
  });
  test('keeps the newest of a full strip', () => {
    const full = Array.from({ length: STRIP_LENGTH }, (_, index) => entry({ runId: `run-${index}` }));
    const strip = withEntry(full, entry({ runId: 'new' }));
    assert.deepEqual([strip.length, strip[0]?.runId, strip.at(-1)?.runId], [STRIP_LENGTH, 'run-1', 'new']);
  });
});

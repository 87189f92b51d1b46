import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  isTransientStatus,
  RETRY,
  retryAfterMs,
  waitAfter,
} from '../../../../functions/shared/cloud/rest/retry.ts';
import { utc } from '../../../support/jobs.ts';

const NOW = utc('2026-03-09T12:00');

describe('isTransientStatus()', () => {
  for (const status of [408, 429, 500, 502, 503, 504])
    test(`says yes to ${status}`, () => assert.equal(isTransientStatus(status), true));
  for (const status of [302, 400, 401, 403, 404, 409, 412])
    test(`says no to ${status}`, () => assert.equal(isTransientStatus(status), false));
});

describe('retryAfterMs()', () => {
  const CASES: [header: string | null, ms: number | null][] = [
    [null, null],
    ['', null],
    ['soon', null],
    ['-1', null],
    ['1.5', null],
    ['0', 0],
    ['30', 30_000],
    [' 30 ', 30_000],
    ['Mon, 09 Mar 2026 12:00:30 GMT', 30_000],
    ['Mon, 09 Mar 2026 11:00:00 GMT', 0],
    ['Mon, 99 Mar 2026 12:00:30 GMT', null],
  ];
  for (const [header, ms] of CASES)
    test(`reads ${JSON.stringify(header)} as ${ms}`, () => assert.equal(retryAfterMs(header, NOW), ms));
});

describe('waitAfter()', () => {
  const policy = (random: number) => ({ ...RETRY, baseMs: 100, capMs: 1_000, random: () => random });

  test('spreads over all of a time that doubles up to the cap', () => {
    const longest = [1, 2, 3, 4, 5, 50].map((attempt) => waitAfter(attempt, null, policy(1)));
    assert.deepEqual(longest, [100, 200, 400, 800, 1_000, 1_000]);
    assert.equal(waitAfter(5, null, policy(0)), 0);
    assert.equal(waitAfter(2, null, policy(0.25)), 50);
  });

  test('never comes back before the server wants to be asked again', () => {
    assert.equal(waitAfter(1, 5_000, policy(0)), 5_000);
    assert.equal(waitAfter(1, 5_000, policy(0.5)), 5_050);
  });
});

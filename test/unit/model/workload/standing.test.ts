import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { SECOND_MS } from '../../../../functions/shared/dates.ts';
import { UNLISTED } from '../../../../functions/shared/model/workload/life.ts';
import type { Region } from '../../../../functions/shared/model/workload/region.ts';
import type { Row } from '../../../../functions/shared/model/workload/row.ts';
import { standingAt } from '../../../../functions/shared/model/workload/standing.ts';
import { failedRow, noon, row as running } from '../../../support/workloads.ts';

const MINUTE = 60 * SECOND_MS;
const seen = (minutes: number, state: 'ok' | 'failed' = 'ok') => ({ state, asOf: noon(minutes) });
/** State, minutes, and whether it may be more. */
const standing = (row: Row, region: Pick<Region, 'state' | 'asOf'> | undefined, now: Date) => {
  const { state, ms, atLeast } = standingAt(row, region, now);
  return [state, ms === null ? null : ms / MINUTE, atLeast];
};

describe('standingAt()', () => {
  test('counts on from the start where the region answers', () =>
    assert.deepEqual(standing(running('a'), seen(-4), noon()), ['running', 20, false]));

  test('counts waiting from the creation', () =>
    assert.deepEqual(standing(running('a', { state: 'queued' }), seen(0), noon()), ['queued', 30, false]));

  test('stops where the region gives no answer, at what was seen', () =>
    assert.deepEqual(standing(running('a'), seen(-4, 'failed'), noon()), ['running', 16, true]));

  test('says nothing of now that was seen more than 15 minutes ago, whether the region or the refreshes failed', () => {
    for (const state of ['ok', 'failed'] as const) {
      assert.deepEqual(standing(running('a'), seen(-15, state), noon())[0], 'running');
      assert.deepEqual(standing(running('a'), seen(-16, state), noon()), ['unknown', 4, true]);
    }
  });

  test('knows nothing of a workload that is listed no more, has an unknown word, or whose region is not known', () => {
    const unknown = ['unknown', null, false];
    for (const note of [UNLISTED, `${UNLISTED}: HTTP 403`])
      assert.deepEqual(standing(running('a', { note }), seen(0), noon()), unknown);
    assert.deepEqual(standing(running('a', { state: 'unknown' }), seen(0), noon()), unknown);
    assert.deepEqual(standing(running('a'), undefined, noon()), unknown);
    assert.deepEqual(standing(running('a'), { state: 'failed', asOf: null }, noon()), unknown);
  });

  test('of an end needs no region, and never takes what was not measured for 0', () => {
    assert.deepEqual(standing(failedRow('a'), undefined, noon()), ['failed', 19, false]);
    assert.deepEqual(standing(failedRow('a', { startedAt: null }), seen(0), noon()), ['failed', null, false]);
  });

  test('is never negative, however clocks differ', () =>
    assert.deepEqual(standing(running('a', { startedAt: noon(2) }), seen(0), noon()), ['running', 0, false]));
});

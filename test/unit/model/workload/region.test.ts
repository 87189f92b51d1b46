import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  isDue,
  type Region,
  type RegionAnswer,
  regionAfter,
} from '../../../../functions/shared/model/workload/region.ts';
import { noon } from '../../../support/workloads.ts';

const ANSWERED: RegionAnswer = { kind: 'answered', more: false };
const HUNG: RegionAnswer = { kind: 'failed', error: 'no answer', timedOut: true };
const REFUSED: RegionAnswer = { kind: 'failed', error: 'HTTP 429', timedOut: false };
const OFF: RegionAnswer = { kind: 'unavailable', error: 'not enabled' };

/** A region after answers of five minutes each. */
function after(...answers: RegionAnswer[]): Region | undefined {
  return answers.reduce<Region | undefined>(
    (region, answer, index) => regionAfter(region, answer, { at: noon(5 * index), ms: 10 }),
    undefined,
  );
}
const dueAt = (region: Region | undefined, minutes = 30) =>
  [1, 2, 3, 4, 5].filter((count) => isDue(region, { count, now: noon(minutes) }));

describe('a region', () => {
  test('that hung twice in a row is asked at every fourth refresh, until it answers', () => {
    assert.deepEqual(dueAt(after(HUNG)), [1, 2, 3, 4, 5]);
    assert.deepEqual(dueAt(after(HUNG, HUNG)), [4]);
    assert.equal(after(HUNG, HUNG)?.state, 'skipped');
    assert.deepEqual(dueAt(after(HUNG, HUNG, HUNG)), [4]);
    assert.deepEqual(dueAt(after(HUNG, HUNG, ANSWERED)), [1, 2, 3, 4, 5]);
  });

  test('that refuses is asked each time: it holds up nobody', () => {
    assert.deepEqual(dueAt(after(REFUSED, REFUSED, REFUSED)), [1, 2, 3, 4, 5]);
    assert.equal(after(HUNG, REFUSED, HUNG)?.state, 'failed');
  });

  test('that is off is asked again after six hours, and asked while nothing is known of it', () => {
    assert.deepEqual(dueAt(after(OFF)), []);
    assert.deepEqual(dueAt(after(OFF), 6 * 60 + 1), [1, 2, 3, 4, 5]);
    assert.deepEqual(dueAt(undefined), [1, 2, 3, 4, 5]);
  });

  test('says since when it has given no answer, and when it gave the last', () => {
    const region = after(ANSWERED, REFUSED, HUNG);
    assert.deepEqual([region?.asOf, region?.since, region?.error], [noon(), noon(5), 'no answer']);
    assert.deepEqual([after(REFUSED, ANSWERED)?.since, after(REFUSED, ANSWERED)?.error], [null, null]);
  });
});

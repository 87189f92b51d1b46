import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { circuitBreaker } from '../../../../functions/shared/cloud/rest/circuit.ts';

describe('circuitBreaker()', () => {
  test('breaks at the last of so many failures in a row, and tells that one', () => {
    const calls = circuitBreaker(3);
    for (const why of ['one', 'two']) calls.failed(why);
    assert.equal(calls.broken(), null);
    calls.failed('three');
    assert.equal(calls.broken(), '3 calls in a row failed, the last: three');
  });

  test('counts anew after an answer', () => {
    const calls = circuitBreaker(3);
    for (let round = 0; round < 4; round += 1) {
      calls.failed('a');
      calls.failed('b');
      calls.answered();
    }
    assert.equal(calls.broken(), null);
  });

  test('stays broken, by its first reason', () => {
    const calls = circuitBreaker(1);
    calls.failed('first');
    calls.answered();
    calls.failed('second');
    assert.equal(calls.broken(), '1 calls in a row failed, the last: first');
  });
});

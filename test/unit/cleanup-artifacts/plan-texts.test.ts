import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { OddRoot } from '../../../functions/shared/model/cleanup/cleanup.ts';
import { cutText, storedRoots } from '../../../functions/shared/model/cleanup/plan-texts.ts';

const rootOf = (by: string, text: string): OddRoot => ({ by, why: text, keeps: [text], key: by });

describe('the texts of a stored plan', () => {
  test('are cut to whole characters', () => {
    assert.equal(cutText('12345', 5), '12345');
    assert.equal(cutText('123456', 5), '12345…');
    assert.equal(cutText('1234😀', 5), '1234\ufffd…');
  });

  test('of roots are the first ones, by count and by bytes, with their keys whole', () => {
    const small = Array.from({ length: 300 }, (_, index) => rootOf(`root ${index}`, 'x'));
    assert.deepEqual(storedRoots(small), small.slice(0, 200));
    // Each letter has three bytes.
    const large = Array.from({ length: 200 }, (_, index) => rootOf(`root ${index}`, 'ก'.repeat(6_000)));
    const stored = storedRoots(large);
    assert.ok(Buffer.byteLength(JSON.stringify(stored)) < 300_000);
    assert.ok(stored.length > 100);
    assert.deepEqual(
      stored.map(({ key }) => key),
      large.slice(0, stored.length).map(({ key }) => key),
    );
  });
});

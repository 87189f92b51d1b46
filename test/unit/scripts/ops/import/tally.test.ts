import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { collectCommand, newTally } from '../../../../../scripts/ops/import/tally.ts';

const NOW = new Date('2026-06-15T12:00:00Z');
const job = (
  startedAt: string | null,
  endedAt: string | null,
  state: 'running' | 'completed' = 'completed',
) => ({
  state,
  startedAt: startedAt === null ? null : new Date(startedAt),
  endedAt: endedAt === null ? null : new Date(endedAt),
});

describe('newTally()', () => {
  test('covers the days from the first start or end to the last, in any order', () => {
    const tally = newTally(20);
    tally.cover(job('2026-02-01T00:00:00Z', '2026-01-30T00:00:00Z'));
    tally.cover(job(null, '2026-02-03T23:59:59Z'));
    assert.deepEqual(tally.days(NOW), { from: '2026-01-30', to: '2026-02-03' });
  });
  test('covers the days of a job in flight up to yesterday', () => {
    const tally = newTally(20);
    tally.cover(job('2026-02-01T00:00:00Z', null, 'running'));
    assert.deepEqual(tally.days(NOW), { from: '2026-02-01', to: '2026-06-14' });
  });
  test('covers no day without a start or an end', () => {
    const tally = newTally(20);
    tally.cover(job(null, null));
    assert.equal(tally.days(NOW), null);
  });
  test('keeps some rejections, in the order of the file, and counts all', () => {
    const tally = newTally(2);
    for (const line of [7, 3, 9]) tally.reject(line, 'bad');
    assert.deepEqual(
      tally.rejections.map(({ line }) => line),
      [3, 7],
    );
    assert.equal(tally.rejected, 3);
  });
});

describe('collectCommand()', () => {
  test('asks for the days covered', () =>
    assert.equal(
      collectCommand({ from: '2026-01-01', to: '2026-05-30' }, NOW),
      `npm run -s ops -- run collect-metrics --body '{"from":"2026-01-01","to":"2026-05-30"}'`,
    ));
  test('ends yesterday where the days reach further', () =>
    assert.match(collectCommand({ from: '2026-06-01', to: '2026-06-20' }, NOW) ?? '', /"to":"2026-06-14"/));
  test('is none where no day is over', () => {
    assert.equal(collectCommand({ from: '2026-06-15', to: '2026-06-15' }, NOW), null);
    assert.equal(collectCommand(null, NOW), null);
  });
});

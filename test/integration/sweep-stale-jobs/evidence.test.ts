import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Timestamp } from '@google-cloud/firestore';
import { beating, sweeper } from '../../support/sweeper.ts';

const HAND = { end: 'failed', reason: 'the node burnt' };

describe('the evidence in a record', { concurrency: 4 }, () => {
  test('keeps what was overwritten as it was stored, and who said so', async (t) => {
    const world = sweeper(t, { sources: { jobs: beating() } });
    const updatedAt = new Timestamp(1_770_000_000, 123_456_000);
    const odd = { endedAt: 'pending', updatedAt, error: '' };
    await world.stand({ one: { status: 'running', startedAt: world.ago(30), ...odd } });
    await world.deliver({ jobId: 'one', ...HAND, by: 'ada' });
    const { nightshift } = await world.job('one');
    const { evidence } = nightshift as { evidence: { by: string; fields: { before: unknown }[] } };
    assert.equal(evidence.by, 'ada');
    assert.deepEqual(
      evidence.fields.map(({ before }) => before),
      ['running', 'pending', updatedAt, ''],
    );
  });

  test('of a change before stays beside that of the last', async (t) => {
    const world = sweeper(t);
    await world.stand({ one: { status: 'running', startedAt: world.ago(30) } });
    for (const reason of ['first', 'second', 'third']) {
      await world.deliver({ jobId: 'one', ...HAND, reason });
      await world.db.doc('jobs/one').update({ status: 'running' });
    }
    type Change = { because: string; takenBack: null; fields: unknown[] };
    const { evidence, earlier } = (await world.job('one')).nightshift as Record<string, Change & Change[]>;
    assert.equal(evidence?.because, 'third');
    assert.deepEqual(
      earlier?.map(({ because, takenBack, fields }) => [because, takenBack, fields.length]),
      [
        ['first', null, 4],
        ['second', null, 3],
      ],
    );
  });

  test('hides no error that they wrote in a way of their own', async (t) => {
    const world = sweeper(t);
    const error = { code: 137, message: 'OOM' };
    await world.stand({ one: { status: 'running', startedAt: world.ago(30), error } });
    await world.deliver({ jobId: 'one', ...HAND });
    const { status, error: kept } = await world.job('one');
    assert.deepEqual([status, kept], ['failed', error]);
  });
});

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { addMs, MINUTE_MS } from '../../../functions/shared/dates.ts';
import { cleaner, NO_GUARDS } from '../../support/cleaner.ts';
import { daysAgo } from '../../support/cleanup.ts';

/** What a reporter has told of an execution that ended, received when it says. */
const reported = (endReceivedAt: unknown, over: Record<string, unknown> = {}) => ({
  report: {
    execution: 'one',
    receivedAt: daysAgo(0),
    clock: 'boot',
    aliveAt: daysAgo(30),
    state: 'failed',
    endReceivedAt,
    ...over,
  },
});

describe('an end that its own execution reported', () => {
  test('dated back, deletes nothing before its age from the receipt is over', async (t) => {
    const world = await cleaner(t, { policy: NO_GUARDS });
    await world.write({
      forged: { nightshift: reported(daysAgo(0)) },
      'long-ago': { nightshift: reported(daysAgo(30)) },
      odd: { nightshift: reported('yesterday') },
      plain: {},
    });
    const ids = ['forged', 'long-ago', 'odd', 'plain'];
    world.put(ids.map((id) => `${id}/a`));
    const { summary } = await world.approved();
    const lines = await world.lines(summary.planId as string);
    const told = Object.fromEntries(lines.map(({ id, reason, because }) => [id, [reason, because]]));
    assert.deepEqual(told.forged, [
      'young',
      'kept until 2026-04-07: younger than 7 days, from when its end was reported, 2026-03-31',
    ]);
    assert.deepEqual(
      ['long-ago', 'plain'].map((id) => told[id]?.[0]),
      ['eligible', 'eligible'],
    );
    assert.equal(told.odd?.[0], 'unreadable');
    assert.match(
      told.odd?.[1] ?? '',
      /^its report cannot be read: endReceivedAt is not what a report holds there/,
    );
    assert.deepEqual(world.live(), ['forged/a', 'odd/a']);

    world.pass(7.1);
    await world.approved();
    assert.deepEqual(world.live(), ['odd/a'], 'what nobody can read is never old enough');
  });

  test('received while its deletion begins, keeps the job, though neither its end nor its place changed', async (t) => {
    const world = await cleaner(t, { policy: NO_GUARDS });
    const lost = { nightshift: { endInferred: true } };
    await world.write({ corrected: lost, other: lost });
    world.put(['corrected/a', 'other/a']);
    let came = false;
    void world.beforeDeletion(async () => {
      came = true;
      await world.db.doc('jobs/corrected').update({
        status: 'completed',
        nightshift: { endInferred: false, ...reported(world.now(), { state: 'completed', falseLost: true }) },
      });
    });
    await world.approved();
    assert.ok(came);
    assert.deepEqual(world.live(), ['corrected/a']);
  });

  test('before a report that still tells of life, keeps the job, as does such a report of an execution', async (t) => {
    const late = addMs(daysAgo(30), 11 * MINUTE_MS);
    const world = await cleaner(t, { policy: NO_GUARDS });
    await world.write({
      alive: { nightshift: reported(daysAgo(30), { aliveAt: late, state: 'running' }) },
      within: { nightshift: reported(daysAgo(30), { aliveAt: addMs(late, -MINUTE_MS) }) },
    });
    world.put(['alive/a', 'within/a']);
    await world.approved();
    assert.deepEqual(world.live(), ['alive/a']);
  });
});

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { addMs, DAY_MS, HOUR_MS, MINUTE_MS } from '../../../functions/shared/dates.ts';
import { runStore } from '../../../functions/shared/store/own/runs.ts';
import { writeDocuments } from '../../support/firestore.ts';
import { daysAgo, freshPruner, NOW, type Pruner } from '../../support/pruner.ts';
import { ranAt } from '../../support/watch.ts';

/** A fresh world in which the task `duty` ran a minute ago and is watched until an hour ago. */
async function world(): Promise<Pruner> {
  const pruner = freshPruner();
  await pruner.know('duty', addMs(NOW, -HOUR_MS));
  await pruner.ran(addMs(NOW, -MINUTE_MS), { runId: 'newest' });
  return pruner;
}

describe('runs', () => {
  test('go when they have expired; those that have not stay', async () => {
    await using pruner = await world();
    const gone = await pruner.ran(daysAgo(3));
    const stays = await pruner.ran(daysAgo(3), {
      runId: 'failed',
      outcome: 'failed',
      expireAt: daysAgo(-27),
    });
    const { outcome, summary } = await pruner.prune();
    assert.deepEqual(await pruner.left([gone, stays]), ['failed']);
    assert.deepEqual([outcome, summary.prunedRuns, summary.remaining], ['succeeded', 1, NOTHING_LEFT]);
  });

  test('that live never go, nor does the newest of a task, though it has expired', async () => {
    await using pruner = await world();
    const lives = await pruner.ran(daysAgo(10), { outcome: 'running', endedAt: null, expireAt: null });
    const only = await pruner.ran(daysAgo(50), {
      task: 'retired',
      runId: 'retired@1',
      expireAt: daysAgo(20),
    });
    const { summary, outcome } = await pruner.prune();
    assert.equal((await pruner.left([lives, only])).length, 2);
    assert.deepEqual(summary.kept, [
      { kind: 'runs', reason: 'it is the newest of its task', count: 1 },
      { kind: 'runs', reason: 'it has not ended', count: 1 },
    ]);
    assert.deepEqual([outcome, summary.oldestOverdueHours, await openLag(pruner)], ['succeeded', 0, 0]);
  });

  test('whose slots the sweep has not looked at stay, or it would take them for missed', async () => {
    await using pruner = freshPruner();
    // The sweep was off for a day and a half; the limit of records per task has nothing to say before it was there.
    await pruner.know('duty', daysAgo(1.5));
    const slots = Array.from({ length: 700 }, (_, index) => addMs(NOW, -((index + 1) * 5 * MINUTE_MS)));
    const expireAt = daysAgo(-30);
    await writeDocuments(
      pruner.db,
      'taskRuns',
      slots.map((slot) => [ranAt('duty', slot).runId, ranAt('duty', slot, { expireAt })] as const),
    );
    await pruner.prune();
    const { docs } = await pruner.collections.taskRuns.where('task', '==', 'duty').get();
    const oldest = Math.min(...docs.map((document) => document.get('slot').toMillis()));
    assert.ok(docs.length > 430 && docs.length < 500 + 1, `${docs.length}`);
    assert.ok(oldest <= daysAgo(1.5).getTime(), 'every slot since then has its record');
  });

  test('beyond 500 of a task go, the oldest successes first', async () => {
    await using pruner = await world();
    const expireAt = daysAgo(-30);
    const runs = Array.from({ length: 520 }, (_, index) => {
      const outcome = index % 10 === 0 ? ('failed' as const) : ('succeeded' as const);
      const slot = new Date(NOW.getTime() - 4 * DAY_MS - index * MINUTE_MS);
      return ranAt('duty', slot, { outcome, expireAt, runId: `run-${index}` });
    });
    await writeDocuments(
      pruner.db,
      'taskRuns',
      runs.map((run) => [run.runId, run] as const),
    );
    const dry = await pruner.prune({ dryRun: true });
    const { summary } = await pruner.prune();
    assert.equal(summary.prunedRuns, 21);
    assert.equal(dry.summary.prunedRuns, 21, 'a dry run tells the same');
    const left = new Set((await pruner.collections.taskRuns.get()).docs.map(({ id }) => id));
    const successes = runs.filter(({ outcome }) => outcome === 'succeeded').map(({ runId }) => runId);
    assert.deepEqual(
      successes.filter((id) => !left.has(id)),
      successes.slice(-21),
    );
    assert.ok(runs.every(({ outcome, runId }) => outcome === 'succeeded' || left.has(runId)));
    assert.equal((await pruner.prune()).summary.prunedRuns, 0);
  });

  test('450 go in batches; time up in the middle is partial, and the next run does the rest', async () => {
    await using pruner = await world();
    const runs = Array.from({ length: 450 }, (_, index) =>
      ranAt('duty', new Date(NOW.getTime() - 10 * DAY_MS - index * MINUTE_MS), { expireAt: daysAgo(1) }),
    );
    await writeDocuments(
      pruner.db,
      'taskRuns',
      runs.map((run) => [run.runId, run] as const),
    );
    let commits = 0;
    const onCommit = async () => {
      commits += 1;
    };
    const first = await pruner.prune({ budgetUsed: () => (commits < 2 ? 0 : 0.81), onCommit });
    assert.deepEqual(
      [first.outcome, first.summary.prunedRuns, first.summary.remaining],
      ['partial', 400, { ...NOTHING_LEFT, runs: 50 }],
    );
    assert.equal(first.summary.oldestOverdueHours, 24);
    const second = await pruner.prune();
    assert.deepEqual([second.outcome, second.summary.prunedRuns], ['succeeded', 50]);
    assert.equal(await pruner.runCount(), 3, 'the newest, and the two of this task');
  });

  test('that came alive since they were found stay, and hold up no other', async () => {
    await using pruner = await world();
    const runs = await Promise.all(Array.from({ length: 9 }, (_, index) => pruner.ran(daysAgo(5 + index))));
    const { summary } = await pruner.prune({
      onCommit: async (index) => {
        if (index === 0) await runs[4]?.update({ outcome: 'running', expireAt: null });
      },
    });
    assert.deepEqual(await pruner.left(runs), [runs[4]?.id]);
    assert.deepEqual([summary.prunedRuns, summary.skippedRace], [8, 1]);
  });

  test('that wait to be pruned are not shown, but for the newest', async () => {
    await using pruner = await world();
    for (let index = 0; index < 5; index += 1) await pruner.ran(daysAgo(3 + index));
    const last = await pruner.ran(daysAgo(20), { expireAt: daysAgo(-10), outcome: 'failed' });
    const shown = await runStore(pruner.collections).newest('duty', { limit: 2 }, NOW);
    assert.deepEqual(
      shown.map(({ runId }) => runId),
      ['newest', last.id],
    );
    const later = await runStore(pruner.collections).newest('duty', { limit: 2 }, daysAgo(-60));
    assert.deepEqual(
      later.map(({ runId }) => runId),
      ['newest'],
    );
  });
});

describe('alarms, plans and journals', () => {
  test('go 90 days after their end; what is open never goes', async () => {
    await using pruner = await world();
    const alarms = [
      await pruner.alarm('open', null),
      await pruner.alarm('young', daysAgo(89)),
      await pruner.alarm('old', daysAgo(91)),
    ];
    const plans = [
      ...(await Promise.all(
        (['waiting', 'approved', 'applying'] as const).map((status) =>
          pruner.plan(status, { status, appliedAt: null }),
        ),
      )),
      await pruner.plan('young', { createdAt: daysAgo(89) }),
      await pruner.plan('late', { createdAt: daysAgo(91), appliedAt: daysAgo(89) }),
      await pruner.plan('applied'),
      await pruner.plan('proposed', { status: 'proposed', appliedAt: null }),
      await pruner.plan('superseded', { status: 'superseded', appliedAt: null }, 201),
    ];
    const journals = [
      await pruner.journal('unfinished', null),
      // What was deleted less than 90 days ago, soft delete may still have.
      await pruner.journal('young', daysAgo(89)),
      await pruner.journal('old', daysAgo(91)),
    ];
    const ends = [
      await pruner.end('vertex~us-east1~young', daysAgo(-1)),
      await pruner.end('vertex~us-east1~old', daysAgo(1)),
    ];
    const { outcome, summary } = await pruner.prune();
    assert.deepEqual([await pruner.left(ends), summary.prunedEnds], [['vertex~us-east1~young'], 1]);
    assert.deepEqual(await pruner.left(alarms), ['open', 'young']);
    assert.deepEqual(await pruner.left(plans), ['waiting', 'approved', 'applying', 'young', 'late']);
    assert.deepEqual(await pruner.left(journals), ['unfinished', 'young']);
    const items = await pruner.db.collectionGroup('items').get();
    assert.equal(items.size, 10, 'the lines go with their plan, and only with it');
    const { prunedAlarms, prunedPlans, prunedJournal, kept } = summary;
    assert.deepEqual([outcome, prunedAlarms, prunedPlans, prunedJournal], ['succeeded', 1, 3, 1]);
    const byReason = (kept as { reason: string }[]).sort((a, b) => a.reason.localeCompare(b.reason));
    assert.deepEqual(byReason, [
      { kind: 'journal', reason: 'it has not ended', count: 1 },
      ...['applying', 'approved', 'waiting'].map((status) => ({
        kind: 'plans',
        reason: `it is ${status}`,
        count: 1,
      })),
      { kind: 'plans', reason: 'it was applied later', count: 1 },
    ]);
  });

  test('a plan that a person approves meanwhile stays whole', async () => {
    await using pruner = await world();
    const plan = await pruner.plan('proposed', { status: 'proposed', appliedAt: null });
    const { summary } = await pruner.prune({
      onCommit: async (index) => {
        if (index === 0) await plan.update({ status: 'approved' });
      },
    });
    assert.deepEqual([summary.prunedPlans, summary.skippedRace], [0, 1]);
    assert.deepEqual(
      [(await plan.get()).get('status'), (await plan.collection('items').get()).size],
      ['approved', 2],
    );
  });

  test('lines of a plan that was never stored go after a day, those just written stay', async () => {
    await using pruner = await world();
    const stray = pruner.collections.cleanupPlans.doc('never-stored').collection('items');
    await stray.doc('0').set({ lines: [] });
    assert.equal((await pruner.prune({ now: new Date() })).summary.prunedStrays, 0);
    assert.equal(
      (await pruner.prune({ now: new Date(Date.now() + DAY_MS + HOUR_MS) })).summary.prunedStrays,
      1,
    );
    assert.equal((await stray.get()).size, 0);
  });
});

describe('a run that ends in the midst', () => {
  test('at whatever commit, is made up for by the next', async () => {
    const outcomes = new Set<string>();
    for (let stop = 0; ; stop += 1) {
      await using pruner = await world();
      const all = [
        ...(await Promise.all([3, 4, 5].map((days) => pruner.ran(daysAgo(days))))),
        await pruner.alarm('old', daysAgo(91)),
        await pruner.plan('old', {}, 201),
        await pruner.journal('old', daysAgo(91)),
      ];
      const { outcome } = await pruner.prune({
        onCommit: async (index) => {
          if (index === stop) throw new Error('killed');
        },
      });
      const first = outcome === 'failed' ? 'killed' : 'whole';
      outcomes.add(first);
      const second = await pruner.prune();
      assert.equal(second.outcome, 'succeeded');
      assert.deepEqual(await pruner.left(all), []);
      assert.equal((await pruner.db.collectionGroup('items').get()).size, 0);
      if (first === 'whole') break;
    }
    assert.equal(outcomes.size, 2);
  });
});

describe('a dry run', () => {
  test('tells what would go, and writes nothing', async () => {
    await using pruner = await world();
    await pruner.ran(daysAgo(5));
    await pruner.alarm('old', daysAgo(91));
    await pruner.plan('old');
    await pruner.journal('old', daysAgo(91));
    const { summary } = await pruner.prune({ dryRun: true });
    const { prunedRuns, prunedAlarms, prunedPlans, prunedJournal, dryRun } = summary;
    assert.deepEqual([prunedRuns, prunedAlarms, prunedPlans, prunedJournal, dryRun], [1, 1, 1, 1, true]);
    const real = await pruner.prune();
    assert.equal(real.summary.prunedRuns, 1, 'everything was there still');
    assert.deepEqual(
      { ...real.summary, dryRun: 0, documentsRead: 0 },
      { ...summary, dryRun: 0, documentsRead: 0 },
    );
  });
});

describe('whatever is not ours, or kept for ever', () => {
  test('is not touched, however old', async () => {
    await using pruner = await world();
    const old = {
      date: '2020-01-01',
      createdAt: daysAgo(2_000),
      endedAt: daysAgo(2_000),
      expireAt: daysAgo(1_000),
    };
    const names = [
      'jobs',
      'etlRuns',
      'dailyMetrics',
      'dirtyDays',
      'artifactPins',
      'cleanupState',
      'metricSources',
    ];
    const others = [
      ...names,
      'jobHealth',
      'sweepMarks',
      'sourceWatermarks',
      'dailyMetrics/2020-01-01/revisions',
    ];
    const refs = others.map((name) => pruner.db.collection(name).doc('old'));
    for (const ref of refs) await ref.set({ ...old, doneAt: daysAgo(1_000), closedAt: daysAgo(1_000) });
    await pruner.prune();
    assert.equal((await pruner.left(refs)).length, refs.length);
  });
});

describe('what should have gone', () => {
  test('is told; an alarm opens 48 hours past its expiry, once, and closes when it is over', async () => {
    await using pruner = await world();
    const broken = pruner.collections.taskRuns.doc('broken');
    const expireAt = daysAgo(1);
    await broken.set({ expireAt, outcome: 'who knows' });
    const good = await pruner.ran(daysAgo(9));
    const first = await pruner.prune();
    assert.deepEqual(
      [first.outcome, first.summary.oldestOverdueHours, await openLag(pruner)],
      ['partial', 24, 0],
    );
    assert.equal(first.problems?.[0]?.path, 'taskRuns/broken');
    assert.deepEqual(await pruner.left([broken, good]), ['broken'], 'it hides no other');
    await pruner.prune({ now: daysAgo(-1) });
    await pruner.prune({ now: daysAgo(-2) });
    assert.equal(await openLag(pruner), 1);
    await pruner.collections.taskRuns.doc('worse').set({ expireAt, outcome: 'who knows' });
    await pruner.prune({ now: daysAgo(-2) });
    const [alarm, ...others] = await pruner.alarms();
    assert.deepEqual(others, []);
    assert.match(alarm?.message ?? '', / 2 unreadable$/);
    await pruner.collections.taskRuns.doc('worse').delete();
    assert.deepEqual([alarm?.subject, alarm?.brokenAt], ['prune-records', daysAgo(-1)]);
    await broken.delete();
    await pruner.prune({ now: daysAgo(-2) });
    assert.equal(await openLag(pruner), 0);
    assert.match((await pruner.alarms())[0]?.closedBecause ?? '', /left nothing that is overdue/);
  });
});

const NOTHING_LEFT = { runs: 0, alarms: 0, plans: 0, journal: 0, ends: 0 };

async function openLag(pruner: Pruner): Promise<number> {
  return (await pruner.alarms()).filter(({ kind, closedAt }) => kind === 'prune-lag' && closedAt === null)
    .length;
}

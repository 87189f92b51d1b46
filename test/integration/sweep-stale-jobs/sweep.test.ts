import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Timestamp } from '@google-cloud/firestore';
import { sweeper } from '../../support/sweeper.ts';

describe('sweep-stale-jobs', { concurrency: 4 }, () => {
  test('a job that died is ended by the second sweep, at its last heartbeat, with the evidence', async (t) => {
    const world = sweeper(t);
    const started = world.ago(60);
    const heartbeatAt = world.ago(30);
    const mine = { project: 'alpha', note: 'mine', nightshift: { deletedAt: null } };
    await world.stand({
      dead: { status: 'running', startedAt: started, heartbeatAt, ...mine },
      alive: { status: 'running', startedAt: started, heartbeatAt: world.ago(1) },
    });
    const first = await world.deliver();
    assert.deepEqual([first.outcome, first.summary.held, first.summary.lost], ['partial', 1, 0]);
    assert.deepEqual(await world.statuses(), { dead: 'running', alive: 'running' });
    assert.deepEqual(await world.alarms(), []);

    await world.db.doc('jobs/alive').update({ heartbeatAt: world.now() });
    const second = await world.next();
    assert.deepEqual(second.problems, []);
    assert.equal(second.outcome, 'succeeded');
    const { scanned, lost, detectionSeconds, hitLimit, oldestBacklogSeconds } = second.summary;
    assert.deepEqual(
      { scanned, lost, hitLimit, oldestBacklogSeconds },
      { scanned: 1, lost: 1, hitLimit: false, oldestBacklogSeconds: null },
    );
    // Silent for 40 minutes by now, of which 15 are allowed.
    assert.deepEqual(detectionSeconds, { p50: 1500, p95: 1500, max: 1500 });

    assert.deepEqual(
      (second.summary.ended as object[]).map((row) => ({ ...row, because: '' })),
      [
        {
          source: 'jobs',
          job: 'dead',
          path: 'jobs/dead',
          execution: null,
          recordSays: 'running',
          backendSays: null,
          verdict: 'lost',
          rule: 'silent',
          because: '',
          written: 'yes',
          endedAt: heartbeatAt.toISOString(),
        },
      ],
    );

    const job = await world.job('dead');
    const { evidence, endInferred, deletedAt } = job.nightshift as Record<string, unknown>;
    assert.deepEqual(
      { ...job, error: undefined, nightshift: undefined },
      {
        status: 'failed',
        project: 'alpha',
        note: 'mine',
        error: undefined,
        nightshift: undefined,
        startedAt: Timestamp.fromDate(started),
        heartbeatAt: Timestamp.fromDate(heartbeatAt),
        endedAt: Timestamp.fromDate(heartbeatAt),
        updatedAt: Timestamp.fromDate(world.now()),
      },
    );
    assert.match(String(job.error), /^Lost: no heartbeat for 40 min/);
    assert.deepEqual([endInferred, deletedAt], [true, null]);
    assert.deepEqual(
      { ...(evidence as object), because: '' },
      {
        verdict: 'lost',
        rule: 'silent',
        because: '',
        backend: null,
        askedAt: null,
        said: null,
        was: 'running',
        foundAt: Timestamp.fromDate(world.now()),
        runId: second.runId,
        by: null,
        fields: [
          { path: 'status', before: 'running', after: 'failed' },
          { path: 'endedAt', after: Timestamp.fromDate(heartbeatAt) },
          { path: 'updatedAt', after: Timestamp.fromDate(world.now()) },
          { path: 'error', after: job.error },
        ],
      },
    );
    assert.equal((await world.job('alive')).status, 'running');
  });
});

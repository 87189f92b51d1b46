import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { SECOND_MS } from '../../../functions/shared/dates.ts';
import { writeDocuments } from '../../support/firestore.ts';
import { at, healthOf } from '../../support/health.ts';
import { statusService } from '../../support/status.ts';
import { beating } from '../../support/sweeper.ts';

const MINUTES = 3;
const JOBS = 50;
const TASKS = [
  'collect-metrics',
  'cleanup-artifacts',
  'prune-records',
  'sweep-stale-jobs',
  'observe-workloads',
];

describe('what looking costs', () => {
  for (const viewers of [1, 10])
    test(`${viewers} for ${MINUTES - 1} minutes: at most 60 documents a minute`, async (t) => {
      const service = statusService(t, { begin: at(0), sources: { jobs: beating() } });
      const quiet = (task: string) => healthOf({ task, nextExpectedAt: at(86_400) });
      await writeDocuments(
        service.db,
        'tasks',
        TASKS.map((task) => [task, quiet(task)] as const),
      );
      const running = { status: 'running', startedAt: at(-60), heartbeatAt: at(-1) };
      await writeDocuments(
        service.db,
        'jobs',
        Array.from({ length: JOBS }, (_, nth) => [`job-${nth}`, running] as const),
      );
      const look = async (second: number): Promise<void> => {
        if (second % 5 === 0) await service.json('/api/status');
        if (second % 10 === 5) await service.json('/api/workloads');
        if (second % 10 === 0) assert.equal((await service.json('/api/jobs?limit=50')).data.length, JOBS);
        if (second % 300 === 0) await service.json('/api/days');
      };
      let before = 0;
      for (let second = 0; second < MINUTES * 60; second += 1) {
        if (second === 60) before = service.tally.documents;
        await Promise.all(Array.from({ length: viewers }, (_, viewer) => look(second + viewer)));
        service.clock.pass(SECOND_MS);
      }
      const perMinute = (service.tally.documents - before) / (MINUTES - 1);
      assert.ok(perMinute <= 60, `${perMinute} a minute`);
      assert.ok(perMinute >= 15, `${perMinute} a minute: the records are asked for every 4 s`);
    });
});

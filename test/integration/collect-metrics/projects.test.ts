import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { projectRowSchema } from '../../../functions/shared/model/day/day.ts';
import { collector } from '../../support/collector.ts';

const DATE = '2026-03-09';
const ALSO = { started: '2026-03-09T13:00', ended: '2026-03-09T16:00' };

describe('the project rows of a day', { concurrency: 4 }, () => {
  test('hold the figures of each project, and of jobs without one', async (t) => {
    const { write, deliver, rows, day } = collector(t);
    await write({
      one: { project: 'alpha', artifactBytes: 700 },
      more: { project: 'alpha', artifactBytes: 55, started: '2026-03-08T10:00' },
      two: { project: 'alpha', status: 'failed', started: null, created: '2026-03-09T01:00' },
      three: { project: 'beta', gpus: 4, ...ALSO },
      four: { project: null, status: 'running', artifactBytes: 9, started: '2026-03-09T12:00', ended: null },
    });
    await deliver('2026-03-10T02:00', { date: DATE });
    const none = { started: 0, completed: 0, failed: 0, cancelled: 0, neverStarted: 0, inFlight: 0 };
    assert.deepEqual(await rows(DATE), {
      alpha: {
        project: 'alpha',
        jobs: { ...none, started: 1, completed: 2, failed: 1, neverStarted: 1 },
        gpu: { hoursUsed: 14, hoursCompleted: 28, hoursAccrued: 0 },
        artifactBytes: 755,
      },
      beta: {
        project: 'beta',
        jobs: { ...none, started: 1, completed: 1 },
        gpu: { hoursUsed: 12, hoursCompleted: 12, hoursAccrued: 0 },
        artifactBytes: null,
      },
      none: {
        project: 'none',
        jobs: { ...none, started: 1, inFlight: 1 },
        gpu: { hoursUsed: 12, hoursCompleted: 0, hoursAccrued: 12 },
        artifactBytes: null,
      },
    });
    for (const row of Object.values(await rows(DATE))) projectRowSchema.parse(row);
    assert.deepEqual((await day(DATE)).projects, ['alpha', 'beta', 'none']);
  });

  test('go with the project that has disappeared from the day', async (t) => {
    const { write, deliver, rows, day } = collector(t);
    await write({ one: {}, two: { project: 'beta', ...ALSO } });
    await deliver('2026-03-10T02:00', { date: DATE });
    await write({ two: { project: 'gamma', ...ALSO } });
    await deliver('2026-03-10T03:00', { date: DATE });
    assert.deepEqual(Object.keys(await rows(DATE)).sort(), ['alpha', 'gamma']);
    assert.deepEqual((await day(DATE)).projects, ['alpha', 'gamma']);
  });

  test('follow a record from one project to another although the day adds up to the same', async (t) => {
    const { write, deliver, rows, day, days } = collector(t);
    await write({ one: {}, two: ALSO, three: { ...ALSO, project: 'beta' } });
    await deliver('2026-03-10T02:00', { date: DATE });
    await write({ two: { ...ALSO, project: 'beta' } });
    await deliver('2026-03-10T03:00', { date: DATE });
    const completed = Object.entries(await rows(DATE)).map(([project, row]) => [
      project,
      projectRowSchema.parse(row).jobs.completed,
    ]);
    assert.deepEqual(completed, [
      ['alpha', 1],
      ['beta', 2],
    ]);
    assert.deepEqual([(await day(DATE)).revision, (await days.revisions(DATE)).length], [2, 1]);
  });

  test('have a document whatever the project is called', async (t) => {
    const { write, deliver, rows } = collector(t);
    const names = ['team/vision', '..', '.', '__all__', 'a b%2F', 'Zürich ✓', 'x'.repeat(200)];
    await write(Object.fromEntries(names.map((project, index) => [`job-${index}`, { project }])));
    await deliver('2026-03-10T02:00', { date: DATE });
    const stored = Object.values(await rows(DATE)).map((row) => projectRowSchema.parse(row).project);
    assert.deepEqual(stored.sort(), names.sort());
  });
});

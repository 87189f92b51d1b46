import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  type Alarm,
  type AlarmToOpen,
  alarmId,
  oneAlarm,
} from '../../../../functions/shared/model/run/alarm.ts';
import { alarmsAbout, type Standing } from '../../../../functions/sweep-stale-jobs/record/alarms.ts';
import type { Overdue } from '../../../../functions/sweep-stale-jobs/sweep/results.ts';
import { utc } from '../../../support/jobs.ts';

const NOW = utc('2026-03-09T12:00');

function opened(toOpen: AlarmToOpen): Alarm {
  const fresh = { openedAt: NOW, closedAt: null, closedBecause: null, runId: null };
  return { id: alarmId(toOpen), ...toOpen, ...fresh };
}

function incident(at: string, message: string): AlarmToOpen {
  return { subject: 'jobs', kind: 'overdue', brokenAt: utc(at), message };
}

describe('oneAlarm()', () => {
  const first = opened(incident('2026-03-09T08:00', 'one job'));

  test('opens one, keeps it in the words of today, and closes it', () => {
    const wrong = incident('2026-03-09T09:00', 'two jobs');
    assert.deepEqual(oneAlarm([], 'over', wrong), { open: [wrong], close: [], reword: [] });
    const reword = [{ id: first.id, message: 'two jobs' }];
    assert.deepEqual(oneAlarm([first], 'over', wrong), { open: [], close: [], reword });
    const close = [{ id: first.id, because: 'over' }];
    assert.deepEqual(oneAlarm([first], 'over', null), { open: [], close, reword: [] });
  });

  test('writes nothing where its words are still true', () =>
    assert.deepEqual(oneAlarm([first], 'over', first), { open: [], close: [], reword: [] }));

  test('makes one of several: the oldest stays', () => {
    const second = opened(incident('2026-03-09T09:00', 'another job'));
    const { close, reword } = oneAlarm([second, first], 'over', incident('2026-03-09T08:00', 'both'));
    assert.deepEqual([close.map(({ id }) => id), reword], [[second.id], [{ id: first.id, message: 'both' }]]);
  });
});

describe('alarmsAbout() jobs that run past their limit', () => {
  const overdue = (name: string, hour: string, kept = true): Overdue => ({
    name: `jobs:jobs/${name}`,
    because: `it runs since ${hour}`,
    kept,
    brokenAt: utc(`2026-03-09T${hour}`),
  });
  const standing = (some: Overdue[], complete = true): Standing => ({
    source: 'jobs',
    overdue: some,
    stalled: [],
    complete,
    unknown: [],
    longRunning: null,
    foundAlive: [],
  });
  const both = standing([overdue('b', '10:00'), overdue('a', '09:00')]);

  test('is one alarm of the source, dated by the first of them, that names all', () => {
    const { open } = alarmsAbout(both, [], NOW);
    assert.deepEqual(open, [
      {
        subject: 'jobs',
        kind: 'overdue',
        brokenAt: utc('2026-03-09T09:00'),
        message: 'Overdue: jobs:jobs/b, jobs:jobs/a: the longest, jobs:jobs/a: it runs since 09:00',
      },
    ]);
  });

  test('goes on in new words while any of them does', () => {
    const open = alarmsAbout(both, [], NOW).open.map(opened);
    const changes = alarmsAbout(standing([overdue('b', '10:00')]), open, NOW);
    const reword = [{ id: open[0]?.id, message: 'Overdue: jobs:jobs/b: it runs since 10:00' }];
    assert.deepEqual(changes, { open: [], close: [], reword });
    assert.equal(alarmsAbout(standing([]), open, NOW).close.length, 1);
  });

  test('is neither opened for one that nobody sees, nor changed by a sweep that did not see all', () => {
    const unseen = standing([overdue('a', '09:00', false)]);
    assert.deepEqual(alarmsAbout(unseen, [], NOW).open, []);
    const open = alarmsAbout(both, [], NOW).open.map(opened);
    assert.deepEqual(alarmsAbout(unseen, open, NOW).close, []);
    assert.deepEqual(alarmsAbout(standing([], false), open, NOW), { open: [], close: [], reword: [] });
  });
});

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { HOUR_MS } from '../../../../functions/shared/dates.ts';
import type { SourceHealth, StatusAnswer } from '../../../../functions/status/api/schemas.ts';
import { attentionAt } from '../../../../functions/status/page/client/alarms/attention.ts';
import type { Envelope } from '../../../../functions/status/page/client/live/feed.ts';
import { type VerdictFacts, verdictLine } from '../../../../functions/status/page/client/shell/verdict.ts';
import { goodWorld, troubledWorld } from '../../../support/page/fixtures.ts';

const WELL: VerdictFacts = {
  states: ['ok', 'ok', 'running'],
  alarms: 0,
  critical: false,
  sources: 0,
  unreadable: 0,
  blind: null,
};

describe('the verdict of the page', () => {
  for (const [what, facts, tone, words] of [
    ['all is well', {}, 'good', 'Everything is as it should be'],
    ['a task fails', { states: ['ok', 'failing'] }, 'bad', '1 failing'],
    ['a task is stuck', { states: ['stuck'] }, 'bad', '1 stuck'],
    ['tasks are late', { states: ['late', 'late', 'degraded'] }, 'warn', '2 late, 1 degraded'],
    ['an alarm is open', { alarms: 1 }, 'warn', '1 alarm'],
    ['a critical alarm is open', { alarms: 2, critical: true }, 'bad', '2 alarms'],
    ['jobs were not looked at', { sources: 1 }, 'warn', 'jobs of 1 source'],
    ['a task is unknown', { states: ['ok', 'unknown'] }, 'warn', '1 unknown'],
    ['a record cannot be read', { unreadable: 1 }, 'warn', '1 unreadable record'],
    ['nothing has run yet', { states: ['new', 'disabled'] }, 'calm', 'No task has run yet'],
    ['no task is known', { states: [] }, 'calm', 'No task has run yet'],
    ['all was well but cannot be seen', { blind: 'Cannot see' }, 'warn', 'Cannot see'],
  ] as const)
    test(`is ${tone} when ${what}: "${words}"`, () => {
      const line = verdictLine({ ...WELL, ...facts });
      assert.deepEqual([line.tone, line.words], [tone, words]);
    });

  test('says beside it what is as it should be, and what was wrong before it went blind', () => {
    assert.equal(verdictLine({ ...WELL, states: ['ok', 'running', 'ok', 'late'] }).rest, '1 running, 2 OK');
    assert.equal(verdictLine({ ...WELL, states: ['late'], blind: 'Cannot see' }).rest, 'Before that: 1 late');
  });
});

describe('what wants a person', () => {
  const now = new Date();
  const answered = (data: StatusAnswer, problems: Envelope<unknown>['problems'] = []) => ({
    data,
    page: { after: null, limit: null },
    problems,
  });
  const status = answered(troubledWorld(now).status);
  const lookedAt = (at: Date, more: Partial<SourceHealth> = {}) => {
    const counts = { running: 1, suspended: 0, scheduled: 0, longRunning: 0, recent24h: 3, unknown: 0 };
    const staleAt = new Date(at.getTime() + HOUR_MS / 2).toISOString();
    const source = { source: 'training', mode: 'enforce' as const, at: at.toISOString(), staleAt, stale: 0 };
    const sources = [Object.assign({ ...source, falseLost: 0, ...counts }, more)];
    return attentionAt(answered(Object.assign(goodWorld(now).status, { sources })), now.getTime()).sources;
  };

  test('is every open alarm that is not muted, and every task that is wrong with no alarm to say so', () => {
    const { alarms, muted, tasks, sources } = attentionAt(status, now.getTime());
    assert.deepEqual(
      alarms.map(({ kind }) => kind),
      ['failing', 'overdue'],
    );
    assert.deepEqual(
      muted.map(({ kind }) => kind),
      ['long-running'],
    );
    assert.deepEqual(
      tasks.map(({ task }) => task),
      ['observe-workloads', 'collect-metrics'],
    );
    assert.deepEqual(sources, []);
  });

  test('is an alarm again when its mute is over', () =>
    assert.equal(attentionAt(status, now.getTime() + 7 * HOUR_MS).muted.length, 0));

  test('is a source whose jobs were not looked at lately, or in the future, or that has stale records', () => {
    assert.deepEqual(lookedAt(now), []);
    assert.deepEqual(lookedAt(new Date(now.getTime() - 3 * HOUR_MS), { stale: 2 }), [
      { source: 'training', wrong: 'its jobs were last looked at 3 h ago; 2 of its records are stale' },
    ]);
    assert.deepEqual(lookedAt(new Date(now.getTime() + HOUR_MS)), [
      { source: 'training', wrong: 'its jobs were last looked at in 60 min: a clock is off' },
    ]);
  });

  test('is a record that cannot be read, but for that of a task, which its state tells', () => {
    const { data } = status;
    const alarm = { path: 'alarms/x', message: 'no message' };
    const task = { path: `tasks/${data.tasks[0]?.task}`, message: 'no state' };
    const all = { path: '', message: 'Cannot read it again' };
    assert.deepEqual(attentionAt(answered(data, [alarm, task, all]), now.getTime()).unreadable, [alarm]);
  });
});

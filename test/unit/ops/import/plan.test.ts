import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { sourceSchema } from '../../../../functions/shared/model/source.ts';
import { planImport } from '../../../../scripts/ops/import/plan.ts';

const time = (path: string) => ({ path, type: 'timestamp' });
const source = (more: Record<string, unknown> = {}) =>
  sourceSchema.parse({
    collection: 'jobs',
    fields: { status: 'state', startedAt: time('start'), endedAt: time('end') },
    statuses: {
      RUNNING: 'running',
      DONE: 'completed',
      OK: 'completed',
      FAILED: 'failed',
      STOPPED: 'cancelled',
    },
    write: { completed: 'DONE' },
    ...more,
  });
const SOURCES = { jobs: source(), ambiguous: source({ write: {} }), grouped: source({ group: true }) };
const GOOD = { map: ['id=name', 'status=phase'], status: ['Succeeded=completed'] };

describe('planImport()', () => {
  test('knows the columns and the words to write', () => {
    const plan = planImport('jobs', SOURCES, {
      map: [...GOOD.map, 'startedAt=times.start'],
      status: [...GOOD.status, 'a=b=failed', '=cancelled'],
      secondsSince: '2026-01-01T01:00:00+01:00',
    });
    assert.deepEqual(
      [...plan.columns],
      [
        ['id', 'name'],
        ['status', 'phase'],
        ['startedAt', 'times.start'],
      ],
    );
    assert.deepEqual(
      [...plan.statuses],
      [
        ['Succeeded', { state: 'completed', word: 'DONE' }],
        ['a=b', { state: 'failed', word: 'FAILED' }],
        ['', { state: 'cancelled', word: 'STOPPED' }],
      ],
    );
    assert.equal(plan.since?.toISOString(), '2026-01-01T00:00:00.000Z');
  });

  for (const [name, sourceName, flags, message] of [
    ['an unknown source', 'job', GOOD, /Unknown source "job", did you mean jobs\?/],
    ['a collection group', 'grouped', GOOD, /it is a collection group/],
    [
      'an unknown field',
      'jobs',
      { map: [...GOOD.map, 'startAt=x'] },
      /Unknown field "startAt", did you mean startedAt\?/,
    ],
    [
      'a field that the source lacks',
      'jobs',
      { map: [...GOOD.map, 'gpus=x'] },
      /source "jobs" has no such field/,
    ],
    ['a field mapped twice', 'jobs', { map: [...GOOD.map, 'id=x'] }, /Cannot map id twice: to name and to x/],
    ['no id', 'jobs', { map: ['status=phase'] }, /Cannot import without id: add --map id=COLUMN/],
    ['no status', 'jobs', { map: ['id=name'] }, /Cannot import without status/],
    ['a pair without =', 'jobs', { map: ['id'] }, /Cannot read --map "id": FIELD=COLUMN is expected/],
    ['an empty column', 'jobs', { map: ['id='] }, /no column is named/],
    [
      'an unknown state',
      'jobs',
      { status: ['x=complete'] },
      /Unknown state "complete", did you mean completed\?/,
    ],
    [
      'a status with two meanings',
      'jobs',
      { status: ['x=failed', 'x=completed'] },
      /Cannot map status "x" twice/,
    ],
    ['a state without a word', 'jobs', { status: ['x=queued'] }, /has no word for it/],
    [
      'a state with several words',
      'ambiguous',
      GOOD,
      /several words for it \(DONE, OK\); name one under write.completed/,
    ],
    [
      'an unreadable instant',
      'jobs',
      { secondsSince: '2026-01-01' },
      /Cannot read --seconds-since 2026-01-01/,
    ],
  ] as const)
    test(`refuses ${name}`, () =>
      assert.throws(() => planImport(sourceName, SOURCES, { ...GOOD, ...flags }), { exitCode: 2, message }));
});

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { sourceSchema } from '../../../../../functions/shared/model/job/source.ts';
import { planImport } from '../../../../../scripts/ops/import/flags/plan.ts';

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
const FIELDS = { status: 'state', startedAt: time('start'), endedAt: time('end') };
const SOURCES = {
  jobs: source(),
  ambiguous: source({ write: {} }),
  grouped: source({ group: true }),
  added: source({ fields: { ...FIELDS, model: 'nightshift.model' } }),
  nested: source({ fields: { ...FIELDS, model: 'm', project: 'm.p' } }),
};
const GOOD = { map: ['id=name', 'status=phase'], status: ['Succeeded=completed'] };

describe('planImport()', () => {
  test('knows the columns and the words to write', () => {
    const plan = planImport('jobs', SOURCES, {
      map: [...GOOD.map, 'startedAt=times.start'],
      status: [...GOOD.status, 'a=b=failed', '=cancelled'],
    });
    assert.deepEqual(
      [...plan.columns],
      [
        ['id', 'name'],
        ['status', 'phase'],
        ['startedAt', 'times.start'],
      ],
    );
    assert.deepEqual(plan.statuses('Succeeded'), { state: 'completed', word: 'DONE' });
    assert.deepEqual(plan.statuses('a=b'), { state: 'failed', word: 'FAILED' });
    assert.deepEqual(plan.statuses(''), { state: 'cancelled', word: 'STOPPED' });
    assert.equal(plan.statuses('Odd'), undefined);
  });

  test('reads patterns: a status that was named goes first, then the first pattern that fits', () => {
    const { statuses } = planImport('jobs', SOURCES, {
      ...GOOD,
      status: [
        'CANCELLED by *=cancelled',
        'CANCELLED by 0=failed',
        'C*=completed',
        'a.c*=failed',
        '*=failed',
      ],
    });
    const states = ['CANCELLED by 123', 'CANCELLED by 0', 'CANCELLED', 'abc', ' a.c ', '', '*'];
    assert.deepEqual(
      states.map((status) => statuses(status)?.state),
      ['cancelled', 'failed', 'completed', 'failed', 'failed', undefined, 'failed'],
    );
    const { statuses: few } = planImport('jobs', SOURCES, { ...GOOD, status: ['a.c*=failed'] });
    assert.equal(few('abc'), undefined);
  });

  test('takes two fields at one place from one column', () => {
    const SAME = source();
    SAME.fields.backendId = 'key';
    SAME.fields.id = 'key';
    const plan = planImport('jobs', { jobs: SAME }, { ...GOOD, map: [...GOOD.map, 'backendId=name'] });
    assert.equal(plan.columns.get('backendId'), 'name');
    assert.throws(
      () => planImport('jobs', { jobs: SAME }, { ...GOOD, map: [...GOOD.map, 'backendId=other'] }),
      { message: /Cannot map id to name and backendId to other: .* which is one place/ },
    );
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
      'a field that Nightshift writes',
      'added',
      { map: [...GOOD.map, 'model=x'] },
      /nightshift is written by Nightshift alone/,
    ],
    [
      'a place in another',
      'nested',
      { map: [...GOOD.map, 'model=x', 'project=y'] },
      /Cannot map model to x and project to y: .* at m and m.p, which is one place/,
    ],
    [
      'an unreadable instant',
      'jobs',
      { secondsSince: '2026-01-01' },
      /Cannot read --seconds-since "2026-01-01"/,
    ],
    ['an unknown zone', 'jobs', { zone: 'Berlin' }, /Cannot read --zone Berlin: UTC/],
    [
      'an unknown type of time',
      'jobs',
      { time: ['endedAt=mills'] },
      /Unknown type of time "mills", did you mean millis\?/,
    ],
    ['a type of no time', 'jobs', { time: ['gpus=millis'] }, /Unknown time field "gpus"/],
    [
      'two types of a time',
      'jobs',
      { time: ['endedAt=millis', 'endedAt=iso'] },
      /how endedAt is written was given already/,
    ],
    [
      'two types of all',
      'jobs',
      { time: ['millis'], secondsSince: '2026-01-01T00:00:00Z' },
      /how all times are written was given already/,
    ],
  ] as const)
    test(`refuses ${name}`, () =>
      assert.throws(() => planImport(sourceName, SOURCES, { ...GOOD, ...flags }), { exitCode: 2, message }));
});

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { sourceSchema } from '../../../../functions/shared/model/source.ts';
import { planImport } from '../../../../scripts/ops/import/plan.ts';
import { toRecord } from '../../../../scripts/ops/import/record.ts';

const time = (path: string, type = 'timestamp') => ({ path, type });
const BASE = { status: 'state', startedAt: time('times.start'), endedAt: time('times.end') };
const COLUMNS = { id: 'id', status: 's', startedAt: 'start', endedAt: 'end' };
const ROW = { id: 'job-1', s: 'ok', start: '2026-01-01T00:00:00Z', end: '2026-01-01T01:30:00+01:00' };

function convert(
  row: Record<string, unknown>,
  {
    fields = BASE,
    columns = COLUMNS,
    secondsSince,
  }: { fields?: object; columns?: object; secondsSince?: string } = {},
) {
  const source = sourceSchema.parse({
    collection: 'jobs',
    fields,
    statuses: { RUNNING: 'running', DONE: 'completed', FAILED: 'failed', STOPPED: 'cancelled' },
  });
  const plan = planImport(
    'jobs',
    { jobs: source },
    {
      map: Object.entries(columns).map(([field, column]) => `${field}=${column}`),
      status: ['ok=completed', 'bad=failed', 'going=running'],
      secondsSince,
    },
  );
  return toRecord(plan, (column) => row[column]);
}

const dataOf = (...args: Parameters<typeof convert>) => {
  const record = convert(...args);
  assert.ok('data' in record, 'reason' in record ? record.reason : '');
  return record.data;
};
const reasonOf = (...args: Parameters<typeof convert>) => {
  const record = convert(...args);
  assert.ok('reason' in record);
  return record.reason;
};

describe('toRecord()', () => {
  test('writes their words, their paths and their types of time', () =>
    assert.deepEqual(
      dataOf(ROW, {
        fields: {
          ...BASE,
          id: 'key',
          startedAt: time('times.start', 'iso'),
          endedAt: time('times.end', 'millis'),
        },
      }),
      {
        key: 'job-1',
        state: 'DONE',
        times: { start: '2026-01-01T00:00:00.000Z', end: Date.UTC(2026, 0, 1, 0, 30) },
      },
    ));

  test('writes every mapped time that is absent as null, and no other field that was not mapped', () =>
    assert.deepEqual(
      dataOf(
        { ...ROW, start: '', end: null, g: '' },
        {
          fields: { ...BASE, gpus: 'gpus', project: 'project', model: 'model', heartbeatAt: time('beat') },
          columns: { ...COLUMNS, gpus: 'g', project: 'p' },
        },
      ),
      { state: 'DONE', times: { start: null, end: null }, beat: null, gpus: null, project: null },
    ));

  test('counts seconds since the instant given, fractions included', () =>
    assert.deepEqual(
      dataOf({ ...ROW, start: '0', end: 1.5 }, { secondsSince: '2026-01-01T00:00:00Z' }).times,
      { start: new Date('2026-01-01T00:00:00Z'), end: new Date('2026-01-01T00:00:01.500Z') },
    ));

  test('lets odd but true records pass: an end before the start, no end at all', () => {
    assert.ok('data' in convert({ ...ROW, end: '2025-12-31T00:00:00Z' }));
    assert.ok('data' in convert({ ...ROW, end: '' }));
  });

  test('gives the same document for the same row', () => assert.deepEqual(convert(ROW), convert(ROW)));

  const withGpus = { fields: { ...BASE, gpus: 'gpus' }, columns: { ...COLUMNS, gpus: 'g' } };
  for (const [name, row, options, reason] of [
    ['no id', { id: '' }, {}, 'id is missing'],
    ['an id with a slash', { id: 'a/b' }, {}, 'id "a/b" cannot be the id of a document'],
    ['an id of dots', { id: '..' }, {}, /cannot be the id/],
    ['a reserved id', { id: '__x__' }, {}, /cannot be the id/],
    ['an id too long', { id: 'é'.repeat(751) }, {}, /cannot be the id/],
    ['an id with half a character', { id: 'a\ud800' }, {}, /cannot be the id/],
    ['an id that is a map', { id: {} }, {}, 'id is no text: {}'],
    ['a status nobody mapped', { s: 'Odd' }, {}, 'status "Odd" is not mapped: add --status Odd=STATE'],
    ['no status', { s: '' }, {}, 'status "" is not mapped: add --status =STATE'],
    [
      'a time without a zone',
      { start: '2026-01-01T00:00:00' },
      {},
      /startedAt "2026-01-01T00:00:00" is no time: ISO 8601 with its zone/,
    ],
    ['30 February', { start: '2026-02-30T00:00:00Z' }, {}, /is no time/],
    [
      'seconds without an instant',
      { start: '1767225600' },
      {},
      /is no time: for seconds since an instant add --seconds-since/,
    ],
    [
      'a time long ago',
      { start: '1970-01-01T00:00:00Z' },
      {},
      'startedAt "1970-01-01T00:00:00Z" lies outside 2000 to 2200',
    ],
    [
      'text for seconds',
      { start: 'soon' },
      { secondsSince: '2026-01-01T00:00:00Z' },
      'startedAt "soon" is no number',
    ],
    [
      'endless seconds',
      { start: '1e300', end: '' },
      { secondsSince: '2026-01-01T00:00:00Z' },
      /lies outside/,
    ],
    ['hexadecimal GPUs', { g: '0x8' }, withGpus, 'gpus "0x8" is no number'],
    ['negative GPUs', { g: '-1' }, withGpus, 'gpus "-1" is negative'],
  ] as const)
    test(`rejects ${name}`, () => {
      const said = reasonOf({ ...ROW, ...row }, options);
      if (typeof reason === 'string') assert.equal(said, reason);
      else assert.match(said, reason);
    });
});

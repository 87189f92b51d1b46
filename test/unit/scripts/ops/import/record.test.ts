import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { sourceSchema } from '../../../../../functions/shared/model/job/source.ts';
import { type ImportFlags, planImport } from '../../../../../scripts/ops/import/flags/plan.ts';
import { readRow } from '../../../../../scripts/ops/import/rules/record.ts';

const time = (path: string, type = 'timestamp') => ({ path, type });
const FIELDS = {
  status: 'state',
  startedAt: time('times.start'),
  endedAt: time('times.end'),
  keepUntil: time('hold'),
  gpus: 'gpus',
  type: 'type',
  model: 'model',
  error: 'error',
  backendId: 'backend',
  artifactUri: 'uri',
  artifactBytes: 'bytes',
  registeredModel: 'registered',
  resumedFrom: 'parent',
};
const COLUMNS = { id: 'id', status: 's', startedAt: 'start', endedAt: 'end' };
const ROW = { id: 'job-1', s: 'ok', start: '2026-01-01T00:00:00Z', end: '2026-01-01T01:30:00+01:00' };

type Options = Partial<ImportFlags> & { columns?: object };

function readOne(row: Record<string, unknown>, { columns = {}, ...flags }: Options = {}) {
  const source = sourceSchema.parse({
    collection: 'jobs',
    fields: FIELDS,
    statuses: { RUNNING: 'running', DONE: 'completed', FAILED: 'failed', STOPPED: 'cancelled' },
  });
  const map = Object.entries({ ...COLUMNS, ...columns }).map(([field, column]) => `${field}=${column}`);
  const status = ['ok=completed', 'bad=failed', 'going=running'];
  const plan = planImport('jobs', { jobs: source }, { map, status, ...flags });
  return readRow(plan, 2, (column) => row[column]);
}

const toldOf = (...args: Parameters<typeof readOne>) => {
  const told = readOne(...args);
  assert.ok('values' in told, 'reason' in told ? told.reason : '');
  return told;
};
const valueFor = (field: string, value: unknown, flags: Options = {}) =>
  toldOf({ ...ROW, x: value }, { ...flags, columns: { [field]: 'x' } }).values[field as 'gpus'];
const reasonOf = (...args: Parameters<typeof readOne>) => {
  const told = readOne(...args);
  assert.ok('reason' in told);
  return told.reason;
};

describe('readRow()', () => {
  test('tells the id, the state, and of the mapped columns alone', () =>
    assert.deepEqual(toldOf({ ...ROW, gpus: 8 }), {
      id: 'job-1',
      line: 2,
      state: 'completed',
      values: {
        id: 'job-1',
        status: 'DONE',
        startedAt: new Date('2026-01-01T00:00:00Z'),
        endedAt: new Date('2026-01-01T00:30:00Z'),
      },
    }));

  for (const [field, value, told] of [
    ['gpus', '4', 4],
    ['gpus', 0, 0],
    ['artifactBytes', '1234567890123', 1234567890123],
    ['type', ' etl ', 'etl'],
    ['model', 7, '7'],
    ['error', 'exit, 1', 'exit, 1'],
    ['backendId', 1234567890123456789n, '1234567890123456789'],
    ['backendId', '1234567890123456789', '1234567890123456789'],
    ['artifactUri', 'gs://b/a/', 'gs://b/a/'],
    ['resumedFrom', 'job-0', 'job-0'],
    ['registeredModel', true, true],
    ['registeredModel', 'resnet/3', 'resnet/3'],
    ['registeredModel', 'False', null],
    ['registeredModel', false, null],
    ['keepUntil', '2027-01-01T00:00:00Z', new Date('2027-01-01T00:00:00Z')],
  ] as const)
    test(`reads ${field} ${JSON.stringify(String(value))}`, () =>
      assert.deepEqual(valueFor(field, value), told));

  for (const none of [null, undefined, '', ' ', 'None', 'NULL', '\\N', 'Unknown', 'N/A', '-', 'NaT', 'nan'])
    test(`takes ${JSON.stringify(none)} for none`, () => {
      for (const field of ['gpus', 'artifactBytes', 'model', 'registeredModel', 'keepUntil'])
        assert.equal(valueFor(field, none), null, field);
      const { values } = toldOf({ ...ROW, start: none, end: none });
      assert.deepEqual([values.startedAt, values.endedAt], [null, null]);
      assert.equal(reasonOf({ ...ROW, id: none }), 'id is missing');
    });

  for (const [value, flags, instant] of [
    ['2026-01-01 10:00:00+00', {}, '2026-01-01T10:00:00.000Z'],
    ['2026-01-01T10:00:00.999999+0200', {}, '2026-01-01T08:00:00.999Z'],
    ['2026-01-01T23:59:59.9996Z', {}, '2026-01-01T23:59:59.999Z'],
    ['2026-01-01 10:00:00', { zone: 'Europe/Berlin' }, '2026-01-01T09:00:00.000Z'],
    ['2026-07-01 10:00:00Z', { zone: 'Europe/Berlin' }, '2026-07-01T10:00:00.000Z'],
    [1767225600, { time: ['seconds'] }, '2026-01-01T00:00:00.000Z'],
    ['1767225600.9996', { time: ['seconds'] }, '2026-01-01T00:00:00.999Z'],
    ['1767225600123', { time: ['x=millis'] }, '2026-01-01T00:00:00.123Z'],
    [1767225600123456, { time: ['x=micros'] }, '2026-01-01T00:00:00.123Z'],
    ['Thu, 01 Jan 2026 10:00:00 GMT', { time: ['http'] }, '2026-01-01T10:00:00.000Z'],
    ['0', { secondsSince: '2026-01-01T00:00:00Z' }, '2026-01-01T00:00:00.000Z'],
    [1.5, { secondsSince: '2026-01-01T00:00:00Z' }, '2026-01-01T00:00:01.500Z'],
    ['86399.9996', { secondsSince: '2026-01-01T00:00:00Z' }, '2026-01-01T23:59:59.999Z'],
    ['1.001', { secondsSince: '2026-01-01T00:00:00Z' }, '2026-01-01T00:00:01.001Z'],
    ['-0.5', { secondsSince: '2026-01-01T00:00:00Z' }, '2025-12-31T23:59:59.500Z'],
    [
      '2026-01-01T10:00:00Z',
      { secondsSince: '2026-01-01T00:00:00Z', time: ['x=iso'] },
      '2026-01-01T10:00:00.000Z',
    ],
  ] as const)
    test(`reads the time ${value} with ${JSON.stringify(flags)}`, () => {
      const ofField = {
        ...flags,
        time: 'time' in flags ? flags.time.map((it) => it.replace('x=', 'keepUntil=')) : [],
      };
      const told = readOne(
        { ...ROW, start: '', end: '', x: value },
        { ...ofField, columns: { keepUntil: 'x' } },
      );
      assert.ok('values' in told, 'reason' in told ? told.reason : '');
      assert.equal((told.values.keepUntil as Date).toISOString(), instant);
    });

  test('lets odd but true records pass: an end before the start, no end at all', () => {
    assert.ok('values' in readOne({ ...ROW, end: '2025-12-31T00:00:00Z' }));
    assert.ok('values' in readOne({ ...ROW, end: '' }));
  });

  const since = { secondsSince: '2026-01-01T00:00:00Z' };
  for (const [name, row, options, reason] of [
    ['no id', { id: '' }, {}, 'id is missing'],
    ['an id with a slash', { id: 'a/b' }, {}, 'id "a/b" cannot be the id of a document'],
    ['an id of dots', { id: '..' }, {}, /cannot be the id/],
    ['a reserved id', { id: '__x__' }, {}, /cannot be the id/],
    ['an id too long', { id: 'é'.repeat(751) }, {}, /cannot be the id/],
    ['an id with half a character', { id: 'a\ud800' }, {}, /cannot be the id/],
    ['an id that is a map', { id: {} }, {}, 'id a map is not an identifier'],
    [
      'an id that a float has rounded',
      { id: Number('1234567890123456789') },
      {},
      /it was stored as a rounded number/,
    ],
    [
      'an id that a spreadsheet has rounded',
      { id: '1.23457E+18' },
      {},
      /an exact identifier: it was rounded/,
    ],
    [
      'such a parent',
      { x: '1,23457E+18' },
      { columns: { resumedFrom: 'x' } },
      /resumedFrom .* it was rounded/,
    ],
    ['a status nobody mapped', { s: 'Odd' }, {}, 'status "Odd" is not mapped: add --status Odd=STATE'],
    ['no status', { s: '' }, {}, 'status "" is not mapped: add --status =STATE'],
    ['a status that is a list', { s: ['ok'] }, {}, 'status a list is not text'],
    [
      'a time without a zone',
      { start: '2026-01-01T00:00:00' },
      {},
      'startedAt "2026-01-01T00:00:00" is not an ISO time as text with its zone: add --zone UTC, or the zone that it was written in',
    ],
    ['30 February', { start: '2026-02-30T00:00:00Z' }, {}, /is not an ISO time/],
    ['epoch seconds', { start: '1767225600' }, {}, /: add --time startedAt=seconds$/],
    ['epoch milliseconds', { end: 1767225600000 }, {}, /: add --time endedAt=millis$/],
    ['epoch microseconds', { end: '1767225600000000' }, {}, /: add --time endedAt=micros$/],
    ['an HTTP date', { end: 'Thu, 01 Jan 2026 10:00:00 GMT' }, {}, /: add --time endedAt=http$/],
    ['text for milliseconds', { end: '' }, { time: ['millis'] }, /: add --time startedAt=iso$/],
    [
      'seconds for milliseconds',
      { start: 1767225600, end: '' },
      { time: ['millis'] },
      /: add --time startedAt=seconds$/,
    ],
    [
      'milliseconds cut to thousands',
      { start: 1695956, end: '' },
      { time: ['millis'] },
      'startedAt 1695956 is not a time in milliseconds since 1970, of 2000 to 2199',
    ],
    [
      'seconds since who knows when',
      { start: '12' },
      {},
      /: for seconds since an instant add --seconds-since INSTANT$/,
    ],
    ['a time long ago', { start: '1980-01-01T00:00:00Z' }, {}, /of 2000 to 2199/],
    [
      'held for ever',
      { x: '9999-12-31T23:59:59Z' },
      { columns: { keepUntil: 'x' } },
      /keepUntil .*: take one before 2200/,
    ],
    [
      'text for seconds',
      { start: 'soon', end: '' },
      since,
      'startedAt "soon" is not seconds since 2026-01-01T00:00:00.000Z',
    ],
    ['endless seconds', { start: '1e300', end: '' }, since, /startedAt "1e300" is not/],
    ['hexadecimal GPUs', { x: '0x8' }, { columns: { gpus: 'x' } }, /^gpus "0x8" is not a number from 0/],
    ['negative GPUs', { x: '-1' }, { columns: { gpus: 'x' } }, /^gpus "-1" is not a number/],
    ['GPUs beyond counting', { x: 1e308 }, { columns: { gpus: 'x' } }, /^gpus 1e\+308 is not a number/],
    ['a decimal comma', { x: '1,5' }, { columns: { gpus: 'x' } }, /^gpus "1,5" is not a number/],
    ['an error that is a map', { x: { code: 1 } }, { columns: { error: 'x' } }, 'error a map is not text'],
    [
      'a record that Firestore cannot hold',
      { x: 'é'.repeat(600_000) },
      { columns: { error: 'x' } },
      /would take 12000\d\d bytes/,
    ],
    ['half a character', { x: 'a\udc00' }, { columns: { error: 'x' } }, /not text that UTF-8 can hold/],
  ] as const)
    test(`rejects ${name}`, () => {
      const said = reasonOf({ ...ROW, ...row }, options as Options);
      if (typeof reason === 'string') assert.equal(said, reason);
      else assert.match(said, reason);
    });

  test('rejects a row that an expression does not fit', () => {
    const plan = planImport(
      'jobs',
      {
        jobs: sourceSchema.parse({
          collection: 'jobs',
          fields: FIELDS,
          statuses: { R: 'running', D: 'completed', F: 'failed', C: 'cancelled' },
        }),
      },
      { map: ['id=length(@)', 'status=s'], status: [] },
    );
    const told = readRow(plan, 2, () => {
      throw new TypeError('no length');
    });
    assert.deepEqual(told, { reason: 'id cannot be found by length(@): no length' });
  });
});

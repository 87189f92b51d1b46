import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { isTerminal, type Job, readJob } from '../../../../../functions/shared/model/job/job.ts';
import { JOB_FIELDS, type JobField } from '../../../../../functions/shared/model/job/source.ts';
import { parseJson } from '../../../../../functions/shared/model/reading/json-path.ts';
import { pathOf, planImport } from '../../../../../scripts/ops/import/flags/plan.ts';
import { type Change, decide, type StoredRecord } from '../../../../../scripts/ops/import/rules/decide.ts';
import { readRow } from '../../../../../scripts/ops/import/rules/record.ts';
import { setAt } from '../../../../../scripts/shared/objects.ts';
import { readFile, WIDE_SOURCE } from '../../../../support/import.ts';
import { sized } from '../../../../support/soak.ts';

const GOOD = { id: 'good', status: 'ok', startedAt: '2026-01-01T00:00:00Z', endedAt: '2026-01-01T01:00:00Z' };
const MAP = JOB_FIELDS.map((field) => `${field}=${field}`);
const FLAGS = { map: MAP, status: ['ok=completed', 'run=running'] };
const PATHS = JOB_FIELDS.map((field) => pathOf(WIDE_SOURCE, field));

/** Whatever a file may hold, above all what is nearly right. */
const anyValue: fc.Arbitrary<unknown> = fc.oneof(
  fc.jsonValue(),
  fc.constantFrom(
    ...[
      '',
      ' ',
      'None',
      'null',
      '\\N',
      'N/A',
      'NaT',
      '-',
      'ok',
      'run',
      'true',
      'False',
      '__x__',
      'a/b',
      '..',
    ],
    ...[
      '9999-12-31T23:59:59Z',
      '1970-01-01',
      '0001-01-01T00:00:00Z',
      '2026-01-01 10:00:00+00',
      '1e308',
      '-1',
    ],
    ...['1.23457E+18', 'constructor', '__proto__', '\ud800', 'gs://b/a/', '2026-01-01T23:59:59.9996Z', '12e'],
    ...[
      0,
      -0,
      1e308,
      -1,
      1767225600000,
      0.1,
      true,
      false,
      null,
      1234567890123456789n,
      [[]],
      [{}],
      { a: null },
    ],
  ),
  fc.bigInt({ min: -(2n ** 70n), max: 2n ** 70n }),
  fc.string({ unit: 'binary' }),
);

/** As JSON, integers of any size with all their digits. */
function toJson(value: unknown): string {
  if (typeof value === 'bigint') return String(value);
  if (Array.isArray(value)) return `[${value.map(toJson).join(',')}]`;
  if (value !== null && typeof value === 'object')
    return `{${Object.entries(value)
      .map(([key, inner]) => `${JSON.stringify(key)}:${toJson(inner)}`)
      .join(',')}}`;
  return JSON.stringify(value);
}

function nested(changes: readonly Change[]): Record<string, unknown> {
  const data: Record<string, unknown> = {};
  for (const { path, after } of changes) setAt(data, path, after);
  return data;
}

function storedRecord(data: Record<string, unknown>): StoredRecord {
  const get = (path: string) =>
    path
      .split('.')
      .reduce<unknown>(
        (at, key) =>
          at !== null && typeof at === 'object' && Object.hasOwn(at, key) ? Reflect.get(at, key) : undefined,
        data,
      );
  return { job: readJob(WIDE_SOURCE, { id: 'good', source: 'jobs', path: 'jobs/good', get }), get };
}

describe('whatever stands in a column', () => {
  test('costs its own row at most, is named there, and is written to mapped fields alone, as every task can read it', () => {
    const plan = planImport('jobs', { jobs: WIDE_SOURCE }, FLAGS);
    let accepted = 0;
    let rejected = 0;
    fc.assert(
      fc.property(fc.constantFrom(...JOB_FIELDS), anyValue, (field, value) => {
        const row: Record<string, unknown> = { ...GOOD, [field]: parseJson(toJson(value)) };
        const told = readRow(plan, 1, (column) => row[column]);
        if ('reason' in told) {
          rejected += 1;
          // An id that is too much for its record is told as what it is.
          assert.match(told.reason, new RegExp(`^(${field}|its record) `));
          return;
        }
        accepted += 1;
        const decision = decide(plan, told, null);
        assert.ok(decision.kind === 'create');
        for (const { path } of decision.changes) assert.ok(PATHS.includes(path), path);
        const { job } = storedRecord(nested(decision.changes));
        assert.deepEqual(job.unreadable, []);
        assert.equal(job.state, told.state);
        const again = decide(plan, told, storedRecord(nested(decision.changes)));
        assert.deepEqual(again, { kind: 'update', changes: [], kept: null }, JSON.stringify(told));
      }),
      { numRuns: sized(500, 10_000) },
    );
    assert.ok(accepted > 100 && rejected > 100);
  });

  test('whatever a record holds already, it is never read wrongly into an end, nor is anything else touched', () => {
    const anyRecord = fc.dictionary(
      fc.constantFrom(
        ...PATHS.flatMap((path) => path ?? []),
        'times',
        'spec',
        'nightshift',
        'nightshift.evidence',
        'other',
      ),
      fc.oneof(anyValue, fc.date({ noInvalidDate: true }), fc.constantFrom('RUNNING', 'DONE', 'ARCHIVED')),
      { maxKeys: 8 },
    );
    const plans = [false, true].map((overwrite) =>
      planImport('jobs', { jobs: WIDE_SOURCE }, { ...FLAGS, overwrite }),
    );
    fc.assert(
      fc.property(anyRecord, fc.constantFrom(...JOB_FIELDS), anyValue, (fields, field, value) => {
        const data: Record<string, unknown> = {};
        for (const [path, it] of Object.entries(fields)) if (canHold(data, path)) setAt(data, path, it);
        const record = storedRecord(data);
        for (const plan of plans) {
          const row: Record<string, unknown> = { ...GOOD, [field]: value };
          const told = readRow(plan, 1, (column) => row[column]);
          if ('reason' in told) continue;
          const decision = decide(plan, told, record);
          if (decision.kind === 'refuse') continue;
          for (const { path } of decision.changes) assert.ok(PATHS.includes(path), path);
          if (plan.overwrite) continue;
          for (const { after } of decision.changes) assert.notEqual(after, null);
          const isEnding = decision.changes.some(({ path }) => path === 'state');
          if (isEnding) assert.ok(!isEnded(record.job) || isTerminal(told.state));
        }
      }),
      { numRuns: sized(500, 10_000) },
    );
  });

  test('costs no other row of its file, in CSV as in NDJSON', async () => {
    const rows = fc.array(fc.tuple(fc.constantFrom<JobField>(...JOB_FIELDS), anyValue), {
      minLength: 1,
      maxLength: 20,
    });
    await fc.assert(
      fc.asyncProperty(rows, async (odd) => {
        const objects = odd.map(([field, value], index) => ({ ...GOOD, id: `odd-${index}`, [field]: value }));
        const all = [GOOD, ...objects, { ...GOOD, id: 'last' }];
        const ndjson = all.map(toJson).join('\n');
        const csv = [
          JOB_FIELDS.join(','),
          ...all.map((row) =>
            JOB_FIELDS.map((field) => cellOf(row as Record<string, unknown>, field)).join(','),
          ),
        ].join('\n');
        for (const [name, content] of [
          ['a.ndjson', ndjson],
          ['a.csv', csv],
        ] as const) {
          const { jobs, rejections, problem } = await readFile(name, content, FLAGS);
          assert.equal(problem, null);
          const ids = jobs.map(({ id }) => id);
          assert.ok(ids.includes('good') && ids.includes('last'));
          // Some share an id, which is one job then.
          assert.ok(jobs.length + rejections.length <= all.length);
        }
      }),
      { numRuns: sized(40, 500) },
    );
  });
});

function isEnded({ state }: Job): boolean {
  return isTerminal(state);
}

function canHold(data: Record<string, unknown>, path: string): boolean {
  const parent = path.includes('.') ? data[path.slice(0, path.indexOf('.'))] : {};
  return parent === undefined || (parent !== null && typeof parent === 'object' && !Array.isArray(parent));
}

function cellOf(row: Record<string, unknown>, field: JobField): string {
  const value = row[field];
  const text = value === undefined || value === null ? '' : typeof value === 'string' ? value : toJson(value);
  return `"${text.replaceAll('"', '""')}"`;
}

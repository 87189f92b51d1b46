import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { stripVTControlCharacters } from 'node:util';
import fc from 'fast-check';
import { addMs } from '../../../../functions/shared/dates.ts';
import { type JobRecord, readJob } from '../../../../functions/shared/model/job/job.ts';
import { lifeOf } from '../../../../functions/shared/model/job/life.ts';
import { type Source, sourceSchema } from '../../../../functions/shared/model/job/source.ts';
import { TIME_TYPES } from '../../../../functions/shared/model/reading/reading.ts';
import type { BackendFinding } from '../../../../scripts/ops/shared/ask-backend.ts';
import { reportInWords } from '../../../../scripts/ops/sources/check-sources.ts';
import { inspectSource as inspectAt } from '../../../../scripts/ops/sources/inspect-source.ts';
import { sourceOf } from '../../../support/jobs.ts';
import { oddFields, oddRecord } from '../../../support/odd-records.ts';
import { sized } from '../../../support/soak.ts';

const HOUR = 3_600_000;
/** Of each type of time. */
const NUM_RUNS = sized(200, 2_000);

const START = new Date('2026-01-01T00:00:00Z');
const NOW = new Date('2026-01-02T00:00:00Z');

const inspectSource = (mapping: Source, found: JobRecord[]) => inspectAt(mapping, found, NOW);

function source(fields: Record<string, unknown> = {}): Source {
  const time = (path: string) => ({ path, type: 'timestamp' });
  return sourceSchema.parse({
    collection: 'jobs',
    fields: { status: 'state', startedAt: time('times.start'), endedAt: time('times.end'), ...fields },
    statuses: { RUNNING: 'running', DONE: 'completed', FAILED: 'failed', STOPPED: 'cancelled' },
  });
}

function records(count: number, fields: (index: number) => Record<string, unknown>): JobRecord[] {
  return Array.from({ length: count }, (_, index) => {
    const stored = { state: 'DONE', 'times.start': START, 'times.end': START, ...fields(index) };
    return {
      id: `job-${index}`,
      source: 'jobs',
      path: `jobs/job-${index}`,
      get: (path) => Reflect.get(stored, path),
    };
  });
}

describe('inspectSource()', () => {
  test('finds nothing in records that fit', () =>
    assert.deepEqual(
      inspectSource(
        source(),
        records(20, () => ({})),
      ),
      {
        records: 20,
        unmapped: [],
        mistyped: [],
        contradictory: [],
        missing: [],
        writtenLate: null,
        toMend: false,
      },
    ));

  test('counts the status words that nobody mapped, the most frequent first', () => {
    const found = inspectSource(
      source(),
      records(20, (index) => (index < 3 ? { state: 'Preempted' } : index < 4 ? { state: 'Odd' } : {})),
    );
    assert.deepEqual(found.unmapped, [
      { word: 'Preempted', count: 3 },
      { word: 'Odd', count: 1 },
    ]);
    assert.equal(found.toMend, true);
  });

  for (const [stored, holds, example, fits, zone] of [
    ['2026-01-01T00:00:00Z', 'ISO text', '"2026-01-01T00:00:00Z"', 'iso', null],
    ['2026-01-01 00:00:00', 'ISO text without a zone', '"2026-01-01 00:00:00"', 'iso', 'UTC'],
    [START.getTime() / 1000, 'seconds', '1767225600', 'seconds', null],
    [START.getTime(), 'milliseconds', '1767225600000', 'millis', null],
    [START.getTime() * 1000, 'microseconds', '1767225600000000', 'micros', null],
    ['1767225600', 'a number as text', '"1767225600"', null, null],
    ['soon', 'text', '"soon"', null, null],
    [new Date(1e9), 'an implausible timestamp', 'the timestamp 1970-01-12T13:46:40.000Z', null, null],
    [12, 'a number that is no time', '12', null, null],
    [-12, 'a negative number', '-12', null, null],
    [true, 'true or false', 'true', null, null],
    [['x'], 'a list', 'a list', null, null],
    [{ seconds: 1 }, 'a map', 'a map', null, null],
  ] as const)
    test(`says that a time holding ${JSON.stringify(stored)} holds ${holds}`, () =>
      assert.deepEqual(
        inspectSource(
          source(),
          records(20, () => ({ 'times.start': stored })),
        ).mistyped,
        [
          {
            field: 'startedAt',
            path: 'times.start',
            holds,
            example,
            expected: 'timestamp',
            count: 20,
            fits,
            zone,
          },
        ],
      ));

  test('proposes no type where the records disagree', () => {
    const found = inspectSource(
      source(),
      records(20, (i) => (i < 5 ? { 'times.start': '2026-01-01T00:00:00Z' } : {})),
    );
    assert.deepEqual(
      found.mistyped.map(({ count, fits }) => ({ count, fits })),
      [{ count: 5, fits: null }],
    );
  });

  test('says that GPUs are no number, and that a project is a map', () => {
    const found = inspectSource(
      source({ gpus: 'gpus', artifactBytes: 'bytes', project: 'project', backendId: 'run' }),
      records(2, (index) => ({ gpus: 'eight', bytes: index === 0 ? 1e308 : -1, project: {}, run: 1e20 })),
    );
    assert.deepEqual(
      found.mistyped.map(({ field, holds, example, expected }) => [field, holds, example, expected]),
      [
        ['project', 'a map', 'a map', 'text'],
        ['gpus', 'text', '"eight"', 'number'],
        ['backendId', 'a rounded number', '100000000000000000000', 'text'],
        ['artifactBytes', 'a number beyond reason', '1e+308', 'number'],
        ['artifactBytes', 'a negative number', '-1', 'number'],
      ],
    );
  });

  for (const [what, behind, zone] of [
    [
      'the zone by which its last change was made when it was written',
      [8 * HOUR, 8 * HOUR + 60_000],
      '-08:00',
    ],
    ['a zone of half an hour', [-5.5 * HOUR, -5.5 * HOUR + 30_000], '+05:30'],
    ['UTC where that is the zone', [0, 20_000], 'UTC'],
    ['UTC where the records do not agree', [8 * HOUR, 3 * HOUR], 'UTC'],
    ['UTC where they were loaded long after', [400 * HOUR, 400 * HOUR], 'UTC'],
  ] as const)
    test(`proposes ${what}`, () => {
      const mapped = source({ updatedAt: { path: 'updated', type: 'iso' } });
      const naive = records(2, (index) => ({
        updated: addMs(NOW, -(behind[index] as number))
          .toISOString()
          .slice(0, 19),
      })).map((record) => ({ ...record, writtenAt: NOW }));
      const [found] = inspectSource(mapped, naive).mistyped;
      assert.deepEqual([found?.field, found?.fits, found?.zone], ['updatedAt', 'iso', zone]);
    });

  test('tells of records that contradict themselves, but for what their missing fields tell', () => {
    const EARLIER = addMs(START, -HOUR);
    const odd = [
      { state: 'RUNNING' },
      { state: 'RUNNING', 'times.end': undefined },
      { state: 'RUNNING', 'times.end': EARLIER },
      { 'times.end': null },
      { 'times.end': undefined },
      { 'times.end': new Date('2026-02-01T00:00:00Z') },
    ];
    const found = inspectSource(
      source(),
      records(odd.length, (index) => odd[index] ?? {}),
    );
    assert.deepEqual(found.contradictory, [
      { because: 'running with an end after its start', count: 1, example: 'job-0' },
      { because: 'completed without an end', count: 1, example: 'job-3' },
      { because: 'completed with an end in the future', count: 1, example: 'job-5' },
    ]);
    assert.deepEqual(
      found.missing.map(({ field, count }) => [field, count]),
      [['endedAt', 1]],
    );
    assert.equal(found.toMend, true);
  });

  test('tells of records that were written later than they say, which need not be mended', () => {
    const mapped = source({ updatedAt: { path: 'updated', type: 'timestamp' } });
    const late = records(3, (index) => ({ updated: addMs(NOW, -index * HOUR) })).map((record) => ({
      ...record,
      writtenAt: NOW,
    }));
    const { writtenLate, toMend } = inspectSource(mapped, late);
    assert.deepEqual([writtenLate, toMend], [{ records: 2, mostHours: 2, example: 'job-2' }, false]);
  });

  test('tells of whatever counts nowhere, in records of any values', () => {
    for (const type of TIME_TYPES) {
      const mapped = sourceOf(oddFields(type));
      fc.assert(
        fc.property(oddRecord(type), (fields) => {
          const get = (path: string) => fields[path];
          const record: JobRecord = { id: 'odd', source: 'jobs', path: 'jobs/odd', get };
          const now = new Date('2026-03-10T02:00:00Z');
          const job = readJob(mapped, record);
          const found = inspectAt(mapped, [record], now);
          const unread = new Set(job.unreadable.map(({ field }) => field));
          assert.deepEqual(new Set(found.mistyped.map(({ field }) => field)), unread);
          if (lifeOf(job, now).kind === 'fault') assert.ok(found.toMend);
          const told = reportInWords({ ...HEAD, ...found, problem: null });
          if (found.toMend) assert.ok(told.length > 2);
        }),
        { numRuns: NUM_RUNS },
      );
    }
  });

  test('takes an explicit null for "not yet", but not as a status', () => {
    const found = inspectSource(
      source(),
      records(4, () => ({ state: null, 'times.start': null })),
    );
    assert.deepEqual(found.missing, [
      { field: 'status', path: 'state', count: 4, of: 4, which: '', mend: true },
    ]);
  });

  test('misses an end only in records that ended, and an error only in those that failed', () => {
    const found = inspectSource(
      source({ error: 'error' }),
      records(20, (index) => ({
        state: index < 10 ? 'RUNNING' : index < 12 ? 'FAILED' : 'DONE',
        'times.end': index < 11 ? undefined : START,
      })),
    );
    assert.deepEqual(found.missing, [
      { field: 'error', path: 'error', count: 2, of: 2, which: 'that failed', mend: false },
      { field: 'endedAt', path: 'times.end', count: 1, of: 10, which: 'that ended', mend: true },
    ]);
  });

  test('takes GPUs that no record has for a wrong path, and other fields that are absent for optional ones', () => {
    const mapped = source({ project: 'team', model: 'model', gpus: 'cards' });
    const found = inspectSource(
      mapped,
      records(20, (index) => (index < 7 ? { model: 'm' } : {})),
    );
    assert.deepEqual(
      found.missing.map(({ field, count, mend }) => [field, count, mend]),
      [
        ['project', 20, false],
        ['model', 13, false],
        ['gpus', 20, true],
      ],
    );
  });
});

const HEAD = {
  source: 'jobs',
  collection: 'jobs',
  place: 'project p',
  mode: 'observe' as const,
  backend: null,
};

describe('reportInWords()', () => {
  const report = (
    found: JobRecord[],
    problem: string | null = null,
    backend: BackendFinding | null = null,
  ) => {
    const inspection = inspectSource(source({ project: 'team', gpus: 'cards' }), found);
    return stripVTControlCharacters(reportInWords({ ...HEAD, ...inspection, problem, backend }).join('\n'));
  };

  test('says what is stored, what the settings say and what to do', () => {
    const words = report(records(20, () => ({ state: 'Odd', 'times.start': '2026-01-01T00:00:00Z' })));
    assert.match(words, /status "Odd" is not mapped, in 20 of 20: add it to statuses/);
    assert.match(
      words,
      /startedAt \(times.start\) holds ISO text in 20 of 20, e.g. "2026-01-01T00:00:00Z"; settings say timestamp: set its type to "iso"/,
    );
    assert.match(words, /· each word means queued, running, suspended, .*"PAUSED": "suspended"/);
    assert.match(words, /gpus \(cards\) is absent in 20 of 20 records: correct its path/);
    assert.match(words, /· project \(team\) is absent in 20 of 20 records\n/);
  });
  test('quotes a status with the blanks around it', () =>
    assert.match(
      report(records(20, () => ({ state: ' DONE ' }))),
      /status " DONE " is not mapped, in 20 of 20/,
    ));
  test('says what the backend of its jobs answers, and what to do', () => {
    const told = (backend: BackendFinding) =>
      report(
        records(1, () => ({ state: 'Odd' })),
        null,
        backend,
      );
    const wrong = { state: 'wrong', words: 'runs.example says 1', mend: 'map it' } as const;
    assert.match(told(wrong), /✗ backend: runs\.example says 1: map it\n/);
    assert.match(told({ state: 'ok', words: 'it runs' }), /· backend: it runs\n/);
    assert.match(told({ state: 'unknown', words: 'no id' }), /· backend: cannot tell: no id\n/);
  });
  test('says which zone text without one needs, and with which type', () => {
    const naive = '2026-01-01 00:00:00';
    const zone = 'its zone, the zone of the program that writes it, such as "zone": "UTC"';
    const words = (type: string) =>
      reportInWords({
        ...HEAD,
        ...inspectSource(
          source({ createdAt: { path: 'made', type } }),
          records(2, () => ({ made: naive })),
        ),
        problem: null,
      }).join('\n');
    const holds = `createdAt (made) holds ISO text without a zone in 2 of 2, e.g. "${naive}"; settings say`;
    assert.ok(words('iso').includes(`${holds} iso: set ${zone}`), words('iso'));
    assert.ok(words('timestamp').includes(`${holds} timestamp: set its type to "iso" and ${zone}`));
  });
  test('says that a collection is empty or misnamed', () =>
    assert.match(report([]), /no record at all: the collection is empty or its name is wrong/));
  test('says why a source could not be read', () =>
    assert.match(report([], 'Project p denied it'), /✗ Project p denied it/));
  test('says that all is well', () =>
    assert.match(report(records(20, () => ({ team: 'a', cards: 1 }))), /✓ 20 records read, nothing to fix/));
});

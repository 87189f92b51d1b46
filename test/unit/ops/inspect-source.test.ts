import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { stripVTControlCharacters } from 'node:util';
import type { JobRecord } from '../../../functions/shared/model/job.ts';
import { type Source, sourceSchema } from '../../../functions/shared/model/source.ts';
import type { BackendFinding } from '../../../scripts/ops/ask-backend.ts';
import { inspectSource } from '../../../scripts/ops/inspect-source.ts';
import { reportInWords } from '../../../scripts/ops/sources.ts';

const START = new Date('2026-01-01T00:00:00Z');

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
    return { id: `job-${index}`, name: `jobs:jobs/job-${index}`, get: (path) => Reflect.get(stored, path) };
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
        missing: [],
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

  for (const [stored, holds, fits] of [
    ['2026-01-01T00:00:00Z', 'ISO text', 'iso'],
    [START.getTime() / 1000, 'seconds', 'seconds'],
    [START.getTime(), 'milliseconds', 'millis'],
    ['1767225600', 'a number as text', null],
    ['soon', 'text', null],
    [new Date(1e9), 'an implausible timestamp', null],
    [12, 'a number that is no time', null],
    [true, 'true or false', null],
    [['x'], 'a list', null],
    [{ seconds: 1 }, 'a map', null],
  ] as const)
    test(`says that a time holding ${JSON.stringify(stored)} holds ${holds}`, () =>
      assert.deepEqual(
        inspectSource(
          source(),
          records(20, () => ({ 'times.start': stored })),
        ).mistyped,
        [{ field: 'startedAt', path: 'times.start', holds, expected: 'timestamp', count: 20, fits }],
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
      source({ gpus: 'gpus', project: 'project' }),
      records(2, () => ({ gpus: 'eight', project: {} })),
    );
    assert.deepEqual(
      found.mistyped.map(({ field, holds, expected }) => [field, holds, expected]),
      [
        ['project', 'a map', 'text'],
        ['gpus', 'text', 'number'],
      ],
    );
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

describe('reportInWords()', () => {
  const report = (
    found: JobRecord[],
    problem: string | null = null,
    backend: BackendFinding | null = null,
  ) => {
    const inspection = inspectSource(source({ project: 'team', gpus: 'cards' }), found);
    const head = { source: 'jobs', collection: 'jobs', place: 'project p', mode: 'observe' as const };
    return stripVTControlCharacters(reportInWords({ ...head, ...inspection, problem, backend }).join('\n'));
  };

  test('says what is stored, what the settings say and what to do', () => {
    const words = report(records(20, () => ({ state: 'Odd', 'times.start': '2026-01-01T00:00:00Z' })));
    assert.match(words, /status "Odd" is not mapped, in 20 of 20: add it to statuses/);
    assert.match(
      words,
      /startedAt \(times.start\) holds ISO text in 20 of 20; settings say timestamp: set its type to "iso"/,
    );
    assert.match(words, /gpus \(cards\) is absent in 20 of 20 records: correct its path/);
    assert.match(words, /· project \(team\) is absent in 20 of 20 records\n/);
  });
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
  test('says that a collection is empty or misnamed', () =>
    assert.match(report([]), /no record at all: the collection is empty or its name is wrong/));
  test('says why a source could not be read', () =>
    assert.match(report([], 'Project p denied it'), /✗ Project p denied it/));
  test('says that all is well', () =>
    assert.match(report(records(20, () => ({ team: 'a', cards: 1 }))), /✓ 20 records read, nothing to mend/));
});

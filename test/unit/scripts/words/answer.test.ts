import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { stripVTControlCharacters } from 'node:util';
import { totalsOf } from '../../../../functions/shared/model/day/totals.ts';
import { answerInWords } from '../../../../scripts/words/answer.ts';
import { fullDay } from '../ops/full-day.ts';

const DATE = '2026-11-21';
const LATEST = { date: DATE, ...totalsOf(fullDay()) };
const COUNTS = { from: DATE, to: DATE, daysCollected: 1, daysChanged: 1, daysFinal: 0, documentsRead: 8_152 };

/** The lines of an answer of collect-metrics as it comes over the wire, without colours. */
function words(summary: object, more: object = {}): string[] {
  const answer = { task: 'collect-metrics', outcome: 'succeeded', durationMs: 1_200, summary, problems: [] };
  return answerInWords(JSON.parse(JSON.stringify({ ...answer, ...more }))).map(stripVTControlCharacters);
}

describe('the answer of collect-metrics in words', () => {
  test('tells every section of the newest day, as the block of a day does', () =>
    assert.deepEqual(words({ ...COUNTS, latest: LATEST, sources: { jobs: { status: 'ok' } } }), [
      'collect-metrics succeeded in 1.2 s',
      '    1 day collected, 2026-11-21: 8,152 documents read, 1 changed, 0 final',
      '    2026-11-21',
      '      Jobs        15 completed, 3 failed, 0 cancelled, 1 of them never started;',
      '                  15 started, 14 in flight at the end',
      '      GPU         507.0 GPU-hours used; jobs that ended took 409.4 in all',
      '      ETL         72 completed, 2 failed; 1 running at the end',
      '      BigQuery    31 tables, 812.4 GiB; 41 jobs completed, 2 failed',
      '      Storage     8 buckets, 12.0 TiB in 1,204,331 objects;',
      '                  310.0 GiB soft-deleted',
      '      Cloud Run   6 services, 2 active; 120,311 requests',
      '      Firestore   1.2 GiB, - documents, 9 collections',
      '      Cloud SQL   2 instances, 88.0 GiB, - tables',
    ]));

  test('shows what gave no answer as -, and says why once, harmlessly', () => {
    const { storage: _, ...latest } = LATEST;
    const lines = words(
      {
        ...COUNTS,
        latest,
        sources: { jobs: { status: 'ok' }, storage: { status: 'failed', error: 'denied' } },
      },
      { outcome: 'partial', problems: [{ path: 'sources.storage', message: 'denied\u001b[2J\nhere' }] },
    );
    assert.ok(lines.includes('      Storage     -'));
    assert.ok(lines.includes('      Sources     storage failed'));
    assert.deepEqual(
      lines.filter((line) => line.includes('denied')),
      ['    ! sources.storage: denied here'],
    );
  });

  test('tells of records that a person should look at', () => {
    const writtenLate = { records: 2, mostHours: 8, example: 'job-7' };
    const records = { jobs: { writtenLate, notLookedAt: 0 }, etl: { writtenLate: null, notLookedAt: 1 } };
    assert.deepEqual(words({ ...COUNTS, latest: { date: DATE }, records }).slice(-2), [
      '    jobs: 2 records written later than their updatedAt says, at most 8 h, e.g. job-7',
      '    etl: 1 more record that cannot be read',
    ]);
  });

  test('says so when the newest day has no figures', () =>
    assert.ok(words({ ...COUNTS, latest: { date: DATE } }).includes(`    ${DATE}: no figures yet`)));

  test('of a dry run tells what would change, section by section, and only that', () => {
    const { date: _, ...totals } = LATEST;
    const { storage, cloudRun, gpu, database } = totals;
    const stored = {
      ...totals,
      storage: { ...storage, bytes: 1 },
      gpu: { ...gpu, hoursUsed: 507.01 },
      database: { ...database, firestore: { ...database?.firestore, bytes: null } },
    };
    const recomputed = {
      ...totals,
      storage: { ...storage, bytes: 2 },
      cloudRun: { ...cloudRun, requests: null, missing: ['europe-west4'] },
    };
    const days = [{ date: DATE, wouldChange: true, stored, recomputed }];
    assert.deepEqual(words({ ...COUNTS, latest: LATEST, days }, { dryRun: true }).slice(2), [
      '    2026-11-21: GPU hours used 507.01 -> 507.0123456789, storage bytes 1 -> 2, ' +
        'Cloud Run requests 120,311 -> unknown, Cloud Run missing none -> europe-west4, ' +
        'Firestore bytes unknown -> 1,288,490,188.8',
    ]);
  });

  test('of a dry run tells all there is of a day that is not stored', () => {
    const days = [{ date: DATE, wouldChange: true, stored: null, recomputed: { jobs: LATEST.jobs } }];
    const lines = words({ ...COUNTS, days }, { dryRun: true });
    assert.equal(lines[2], '    2026-11-21: not stored yet');
    assert.match(lines[3] ?? '', /^ {6}Jobs {8}15 completed/);
  });

  test('of a dry run says so when only what lies below the totals would change', () => {
    const days = [{ date: DATE, wouldChange: true, stored: LATEST, recomputed: LATEST }];
    assert.equal(
      words({ ...COUNTS, days }, { dryRun: true })[2],
      '    2026-11-21: the same totals; what lies below them would change',
    );
  });

  test('tells the newest days of many, and how many more would change', () => {
    const days = Array.from({ length: 9 }, (_, index) => ({
      date: `2026-11-1${index}`,
      wouldChange: true,
      stored: { jobs: { started: 1 } },
      recomputed: { jobs: { started: 2 } },
    }));
    const lines = words({ ...COUNTS, daysCollected: 9, days });
    assert.equal(lines[2], '    2 earlier days would change, too');
    assert.equal(lines.length, 3 + 7);
    assert.equal(lines.at(-1), '    2026-11-18: jobs started 1 -> 2');
  });
});

describe('any other answer in words', () => {
  test('tells keys that nothing here has heard of', () =>
    assert.deepEqual(
      words({ jobsSwept: 3, byReason: { stale: 2, lost: 1 }, ids: [], note: 'a\nb' }, { task: 'sweep' }),
      ['sweep succeeded in 1.2 s', '    jobs swept: 3', '    by reason: stale 2, lost 1', '    note: a b'],
    ));

  test('tells a refusal with its problems', () =>
    assert.deepEqual(
      answerInWords({ problems: [{ path: 'date', message: 'Missing', expected: 'a day' }] }).map(
        stripVTControlCharacters,
      ),
      ['refused', '    ! date: Missing; expected a day'],
    ));
});

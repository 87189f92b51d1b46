import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import { Timestamp } from '@google-cloud/firestore';
import { addDays } from '../../../functions/shared/dates.ts';
import type { Earlier } from '../../../functions/shared/model/job/evidence.ts';
import type { Answer } from '../../../functions/shared/run/answer.ts';
import { collector } from '../../support/collector.ts';
import { writeDocuments } from '../../support/firestore.ts';
import { sourceOf, utc } from '../../support/jobs.ts';
import { oddFields } from '../../support/odd-records.ts';

const DATE = '2026-03-09';
const NEXT = '2026-03-10';
const NIGHT = '2026-03-11T02:00';

/** A change of ours that a person took back at that instant. */
function takenBack(at: Date): Earlier {
  const change = { verdict: 'lost', rule: 'silent', because: 'silent', was: 'running', runId: 'x' } as const;
  const asked = { backend: null, askedAt: null, said: null, foundAt: at, by: null, fields: [] };
  return { ...change, ...asked, takenBack: { at, by: 'a person', reason: null, runId: 'y' } };
}

/** A collector over records whose times have that type. */
async function world(
  t: TestContext,
  type: string,
  records: Record<string, object>,
  { zone, created = true }: { zone?: string; created?: boolean } = {},
) {
  const mapping = oddFields(type as 'iso', zone);
  const fields = { ...(mapping.fields as object), ...(created ? {} : { createdAt: undefined }) };
  const ours = collector(t, { sources: { jobs: sourceOf({ ...mapping, fields }) } });
  await writeDocuments(ours.db, 'jobs', Object.entries(records));
  return ours;
}

describe('the last fraction of a day', { concurrency: 3 }, () => {
  /** 23:59:59.9996 and its neighbours, as each type stores them. */
  const midnight = utc('2026-03-10T00:00').getTime();
  const TYPES: [type: string, spellings: [last: unknown, first: unknown][]][] = [
    [
      'timestamp',
      [
        [new Timestamp(midnight / 1_000 - 1, 999_600_000), Timestamp.fromMillis(midnight)],
        [new Timestamp(midnight / 1_000 - 1, 999_999_999), new Timestamp(midnight / 1_000, 1)],
      ],
    ],
    [
      'iso',
      [
        ['2026-03-09T23:59:59.999600+00:00', '2026-03-10T00:00:00.000000+00:00'],
        ['2026-03-10 13:59:59.9999999+14', '2026-03-09t12:00:00-1200'],
        ['2026-03-09T23:59:59,999999999Z', '2026-03-09T24:00:00Z'],
      ],
    ],
    [
      'seconds',
      [
        [midnight / 1_000 - 0.0004, midnight / 1_000],
        [midnight / 1_000 - 0.000001, midnight / 1_000 + 0.000001],
      ],
    ],
    ['millis', [[midnight - 0.4, midnight]]],
    [
      'micros',
      [
        [midnight * 1_000 - 1, midnight * 1_000],
        [midnight * 1_000 - 0.5, midnight * 1_000],
      ],
    ],
  ];
  for (const [type, spellings] of TYPES)
    test(`belongs to it, and not to the next one (${type})`, async (t) => {
      const job = { status: 'completed', gpus: 1 };
      const records = spellings.flatMap(([last, first], index): [string, object][] => [
        [`last-${index}`, { ...job, startedAt: last, endedAt: last }],
        [`first-${index}`, { ...job, startedAt: first, endedAt: first }],
        [`both-${index}`, { ...job, startedAt: last, endedAt: first }],
      ]);
      const { deliver, day } = await world(t, type, Object.fromEntries(records));
      // One by one, so that midnight is the edge of every query.
      for (const date of [DATE, NEXT]) await deliver(NIGHT, { date });
      const days = [await day(DATE), await day(NEXT)];
      const count = spellings.length;
      assert.deepEqual(
        days.map(({ jobs }) => [jobs?.started, jobs?.completed, jobs?.inFlight]),
        [
          [2 * count, count, count],
          [count, 2 * count, 0],
        ],
      );
      assert.deepEqual(
        [days[1]?.checks.inFlight.status, days[1]?.checks.hoursUsed.status],
        ['holds', 'holds'],
      );
    });
});

describe('what stands for none', { concurrency: 3 }, () => {
  for (const [type, none, at] of [
    ['timestamp', [null, new Date(0), new Date('0001-01-01T00:00Z'), '', 'None', 0], utc('2026-03-09T10:00')],
    [
      'iso',
      ['', '-', 'NULL', '1970-01-01T00:00:00Z', '0001-01-01T00:00:00', '9999-12-31'],
      '2026-03-09 10:00:00+00',
    ],
    ['seconds', [0, -0, '0', Number.NaN, 'N/A', null], utc('2026-03-09T10:00').getTime() / 1_000],
  ] as const)
    test(`costs neither a record nor its figures (${type})`, async (t) => {
      const records = none.flatMap((value, index): [string, object][] => [
        [`cancelled-${index}`, { status: 'cancelled', createdAt: at, startedAt: value, endedAt: at }],
        [`running-${index}`, { status: 'running', createdAt: at, startedAt: at, endedAt: value }],
        [`waiting-${index}`, { status: 'queued', createdAt: value, startedAt: value, endedAt: value }],
      ]);
      const { deliver, day } = await world(t, type, Object.fromEntries(records));
      await deliver(NIGHT, { date: DATE });
      const { jobs, checks } = await day(DATE);
      const { cancelled, neverStarted, inFlight, started } = jobs ?? {};
      const count = none.length;
      assert.deepEqual([cancelled, neverStarted, inFlight, started], [count, count, count, count]);
      assert.deepEqual(checks.totals, { skewed: 0, malformed: 0, unmapped: 0 });
    });
});

describe('a record that ended, never started and has no end that can be read', { concurrency: 3 }, () => {
  const ENDS: unknown[] = [
    ...['', 'noon', '2026-03-09T10:00:00Z', 'None', 0, 1, 1_773_050_400, -1, Number.NaN, 1e308, true, false],
    ...[null, undefined, {}, { seconds: 1 }, [], ['2026-03-09'], Buffer.from('x'), new Date(0)],
    ...[new Date('1999-01-01T00:00Z'), new Date('2300-01-01T00:00Z'), new Date('9999-12-31T23:59Z')],
  ];
  const records = (createdAt?: unknown, prefix = 'job') =>
    Object.fromEntries(
      ENDS.map((endedAt, index) => [
        `${prefix}-${index}`,
        Object.fromEntries(
          Object.entries({ status: 'failed', createdAt, startedAt: null, endedAt }).filter(
            ([, value]) => value !== undefined,
          ),
        ),
      ]),
    );

  test('is named on the day of its creation', async (t) => {
    const { deliver, day } = await world(t, 'timestamp', records(utc('2026-03-08T10:00')));
    await deliver(NIGHT, { date: '2026-03-08' });
    await deliver(NIGHT, { date: DATE });
    const { jobs, checks } = await day('2026-03-08');
    assert.equal(jobs?.failed, 0);
    assert.deepEqual(checks.malformed.length, ENDS.length);
    assert.deepEqual(
      checks.reasons.find(({ id }) => id === 'job-1'),
      {
        id: 'job-1',
        because: 'endedAt "noon" is not a timestamp',
      },
    );
    assert.equal((await day(DATE)).checks.totals.malformed, 0);
  });

  const UNDATED = { ...records(undefined, 'untold'), ...records('noon', 'unreadable') };
  for (const [what, undated, created] of [
    ['no creation is mapped', records(utc('2026-03-08T10:00')), false],
    ['it tells none, or one that cannot be read', UNDATED, true],
  ] as const)
    test(`is named on the day it is found where ${what}`, async (t) => {
      const { deliver, day } = await world(t, 'timestamp', undated, { created });
      await deliver(NIGHT, { from: '2026-03-08', to: NEXT });
      // No query finds a field that is not there, and nothing else tells of this one.
      const findable = Object.values(undated).filter((record) => 'endedAt' in record).length;
      assert.equal((await day(NEXT)).checks.totals.malformed, findable);
      assert.equal((await day(DATE)).checks.totals.malformed, 0);
      // The day goes on telling of them when another has become the newest.
      await deliver('2026-03-12T02:00', { from: NEXT, to: addDays(NEXT, 1) });
      assert.equal((await day(NEXT)).checks.totals.malformed, findable);
      assert.equal((await day(addDays(NEXT, 1))).checks.totals.malformed, findable);
    });

  test('is named in ISO text, too, wherever that sorts before or behind all times', async (t) => {
    const ends = ['', '0000-00-00', '1O March', '1999-12-31 noon', '2', '2O26-03-09', '2026/03/09', 'z'];
    const texts = ends.map((endedAt, index) => [`job-${index}`, { status: 'failed', endedAt }]);
    const { deliver, day } = await world(t, 'iso', Object.fromEntries(texts), { created: false });
    await deliver(NIGHT, { date: NEXT });
    assert.equal((await day(NEXT)).checks.totals.malformed, ends.length);
  });

  test('is counted where there are too many to be looked at', async (t) => {
    const many = Array.from({ length: 230 }, (_, index) => [
      `job-${index}`,
      { status: 'failed', endedAt: '' },
    ]);
    const { deliver, day } = await world(t, 'timestamp', Object.fromEntries(many), { created: false });
    const { summary } = await deliver(NIGHT, { date: NEXT });
    assert.equal((await day(NEXT)).checks.totals.malformed, 200);
    assert.deepEqual(summary.records, { jobs: { writtenLate: null, notLookedAt: 30 } });
  });
});

describe('a status that nobody mapped', { concurrency: 2 }, () => {
  const STATUSES: unknown[] = [
    null,
    false,
    0,
    7,
    Number.NaN,
    '',
    'ODD',
    'completed ',
    'zz',
    { a: 1 },
    ['running'],
  ];
  for (const [what, more] of [
    ['few', []],
    ['many', Array.from({ length: 12 }, (_, index) => `R${index}`)],
  ] as const)
    test(`is named on the day it is found where no time tells of it, beside ${what} that are mapped`, async (t) => {
      const statuses = {
        running: 'running',
        completed: 'completed',
        failed: 'failed',
        cancelled: 'cancelled',
        '1': 'queued',
        ...Object.fromEntries(more.map((word) => [word, 'running'])),
      };
      const { db, deliver, day } = collector(t, { sources: { jobs: sourceOf({ statuses }) } });
      await writeDocuments(
        db,
        'jobs',
        [...STATUSES, 1, '1'].map((status, index) => [`job-${index}`, { status }] as const),
      );
      await deliver(NIGHT, { date: DATE });
      const { unmapped } = (await day(DATE)).checks;
      assert.deepEqual(unmapped.toSorted(), STATUSES.map((_, index) => `job-${index}`).toSorted());
    });
});

describe('ISO text', { concurrency: 3 }, () => {
  test('is read in every usual form', async (t) => {
    const forms = [
      ...['2026-03-09 10:00:00+00', '2026-03-09T10:00:00+0000', '2026-03-09t10:00:00z', '2026-03-09 10:00Z'],
      ...['2026-03-09T10:00:00.123456789+00:00', '2026-03-09 11:00:00,5 +0100', '2026-03-09 10:00:00 UTC'],
    ];
    const records = forms.map((at, index) => [
      `job-${index}`,
      { status: 'failed', startedAt: null, endedAt: at },
    ]);
    const { deliver, day } = await world(t, 'iso', Object.fromEntries(records));
    await deliver(NIGHT, { date: DATE });
    const { jobs, checks } = await day(DATE);
    assert.deepEqual([jobs?.failed, checks.totals.malformed], [forms.length, 0]);
  });

  test('without a zone is named on the day it means, unless the settings name the zone', async (t) => {
    const at = (time: string) => ({
      status: 'completed',
      createdAt: `${time.slice(0, 10)} 00:00:00`,
      startedAt: time,
      endedAt: time,
    });
    const records = {
      one: at('2026-03-09T23:30:00'),
      two: at('2026-03-09 00:30:00'),
      three: at('2026-03-10 10:00'),
    };
    const unread = await world(t, 'iso', records);
    await unread.deliver(NIGHT, { from: DATE, to: NEXT });
    const { jobs, checks } = await unread.day(DATE);
    assert.deepEqual([jobs?.completed, checks.malformed], [0, ['one', 'two']]);
    assert.match(
      checks.reasons[0]?.because ?? '',
      /^startedAt "2026-03-09T23:30:00" is not an ISO time as text/,
    );
    assert.deepEqual((await unread.day(NEXT)).checks.malformed, ['three']);

    const read = await world(t, 'iso', records, { zone: 'Asia/Tokyo' });
    await read.deliver(NIGHT, { from: '2026-03-08', to: NEXT });
    assert.deepEqual((await read.day('2026-03-08')).jobs?.completed, 1);
    assert.deepEqual((await read.day(DATE)).jobs?.completed, 1);
  });

  test('that is none as an end is named once, in whatever order the days are collected', async (t) => {
    const ends = ['2026/03/09 10:00', '20260309T100000Z', '2026-W11', '2026-03-09 noon', 'Mon, 9 Mar 2026'];
    const job = { status: 'failed', createdAt: '2026-03-09T08:00:00Z', startedAt: null };
    const records = Object.fromEntries(
      ends.map((endedAt) => [endedAt.replaceAll('/', ' '), { ...job, endedAt }]),
    );
    const { deliver, day } = await world(t, 'iso', records);
    await deliver(NIGHT, { date: DATE });
    await deliver(NIGHT, { date: NEXT });
    assert.deepEqual((await day(DATE)).checks.malformed, Object.keys(records).sort());
    assert.deepEqual((await day(NEXT)).checks.malformed, []);
  });
});

describe('a job that runs, or is suspended', { concurrency: 3 }, () => {
  const started = utc('2026-03-02T00:00');
  test('and has ended makes no hours, and is named', async (t) => {
    const { deliver, day } = await world(t, 'timestamp', {
      ghost: { status: 'running', gpus: 8, startedAt: started, endedAt: utc('2026-03-05T00:00') },
      again: { status: 'running', gpus: 1, startedAt: started, endedAt: utc('2026-03-01T00:00') },
    });
    await deliver(NIGHT, { date: DATE });
    const { jobs, gpu, checks } = await day(DATE);
    assert.deepEqual([jobs?.inFlight, gpu?.hoursUsed, checks.malformed], [1, 24, ['ghost']]);
  });

  test('is found whatever its status is stored as', async (t) => {
    const { deliver, day } = await world(t, 'timestamp', {
      number: { status: 1, gpus: 1, startedAt: started },
      suspended: { status: 'suspended', gpus: 1, startedAt: started, heartbeatAt: utc('2026-03-09T06:00') },
    });
    await deliver(NIGHT, { from: DATE, to: NEXT });
    const days = [await day(DATE), await day(NEXT)];
    assert.deepEqual(
      days.map(({ jobs, gpu }) => [jobs?.inFlight, gpu?.hoursUsed]),
      [
        [2, 30],
        [2, 24],
      ],
    );
    assert.deepEqual([days[1]?.checks.inFlight.status, days[1]?.checks.hoursUsed.status], ['holds', 'holds']);
  });
});

describe('a final day', () => {
  test('keeps the start and the hours of a job that is suspended, and of one that goes on', async (t) => {
    const { write, deliver, onSchedule, day, checks } = collector(t, { settledBefore: '2026-03-01' });
    const job = { started: '2026-03-01T12:00', ended: null, gpus: 2 };
    await write({ job: { ...job, status: 'running', updated: '2026-03-01T12:00' } });
    await onSchedule('2026-03-07T02:00');
    await onSchedule('2026-03-08T02:00');
    const first = await day('2026-03-01');
    assert.deepEqual([first.status, first.jobs?.started, first.gpu?.hoursUsed], ['final', 1, 24]);

    const staysAsItWas = async (at: string) => {
      await deliver(at, { date: '2026-03-01' });
      const { status, revision, jobs, gpu } = await day('2026-03-01');
      assert.deepEqual([status, revision, jobs, gpu], ['final', 1, first.jobs, first.gpu]);
    };
    await write({ job: { ...job, status: 'suspended', updated: '2026-03-08T06:00' } });
    await onSchedule('2026-03-11T02:00');
    await staysAsItWas('2026-03-11T03:00');
    const hours = async (dates: string[]) =>
      Promise.all(dates.map(async (it) => (await day(it)).gpu?.hoursUsed));
    assert.deepEqual(await hours(['2026-03-07', '2026-03-08', '2026-03-09', '2026-03-10']), [48, 12, 0, 0]);
    assert.equal((await day('2026-03-10')).jobs?.inFlight, 1);

    await write({ job: { ...job, status: 'running', updated: '2026-03-11T06:00' } });
    await onSchedule('2026-03-12T02:00');
    await staysAsItWas('2026-03-12T03:00');
    assert.deepEqual(await hours(['2026-03-07', '2026-03-11']), [48, 48]);
    const all = Object.values(await checks('2026-03-02', '2026-03-11'));
    assert.deepEqual(new Set(all), new Set(['holds holds']));
  });
});

describe('what a run tells of records', { concurrency: 3 }, () => {
  test('counts the ends that nobody told', async (t) => {
    const { write, db, deliver, day } = collector(t);
    await write({ told: {}, guessed: {} });
    await db.doc('jobs/guessed').update({ nightshift: { endInferred: true } });
    await deliver(NIGHT, { date: DATE });
    assert.equal((await day(DATE)).checks.inferredEnds, 1);
  });

  test('names what was written later than it says, but for what we wrote ourselves and what was there at the first look', async (t) => {
    const { write, db, onSchedule, deliver } = collector(t, { settledBefore: DATE });
    const ago = (ms: number) => new Date(Date.now() - ms).toISOString().slice(0, 23);
    await write({
      punctual: { updated: ago(60_000) },
      late: { updated: ago(8 * 3_600_000) },
      deleted: { updated: ago(9 * 3_600_000) },
      empty: { updated: ago(9 * 3_600_000) },
      back: { updated: ago(9 * 3_600_000) },
    });
    const at = new Date();
    const life = { uri: 'gs://b/empty/', endedAt: at };
    await db.doc('jobs/deleted').update({ nightshift: { deletedAt: at } });
    await db.doc('jobs/empty').update({ nightshift: { nothingThere: { at, life } } });
    await db.doc('jobs/back').update({ nightshift: { earlier: [takenBack(at)] } });
    // Whoever names the days has them collected now, and whatever has just been loaded with them.
    const toldBy = async (run: Promise<Answer>) => (await run).summary.records;
    assert.deepEqual(await toldBy(deliver(NIGHT, { date: DATE })), {});
    assert.deepEqual(await toldBy(onSchedule('2026-03-10T02:00')), {});

    // By the clock of the test that first look was long before Firestore wrote them.
    const writtenLate = { records: 1, mostHours: 8, example: 'late' };
    const notes = { jobs: { writtenLate, notLookedAt: 0 } };
    assert.deepEqual(await toldBy(onSchedule('2026-03-11T02:00')), notes);
    assert.deepEqual(await toldBy(deliver('2026-03-11T03:00', { date: DATE })), {});
  });
});

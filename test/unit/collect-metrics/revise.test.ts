import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { decreased } from '../../../functions/collect-metrics/rules/conflict.ts';
import { daySchema, type Figures, sectionsOf } from '../../../functions/shared/model/day/day.ts';
import { figuresWith, revised, storedDay } from '../../support/days.ts';
import { utc } from '../../support/jobs.ts';

describe('revise()', () => {
  test('makes the first figures of a day revision 1, provisional', () => {
    const { day, figuresChanged, write, revision, open } = revised(null, '2026-03-10T02:00', figuresWith(2));
    assert.deepEqual([figuresChanged, write, revision, open], [true, true, null, []]);
    assert.deepEqual([day.status, day.revision, day.members], ['provisional', 1, 2]);
    assert.deepEqual(day.settledSince, utc('2026-03-10T02:00'));
  });

  test('writes nothing for equal figures, whenever they come', () => {
    const { day, write, figuresChanged } = revised(storedDay(), '2026-03-10T12:00', figuresWith(1));
    assert.deepEqual([write, figuresChanged, day.revision], [false, false, 1]);
    assert.deepEqual(day.collectedAt, utc('2026-03-10T02:00'));
  });

  const SETTLING = [
    { from: '2026-03-10T02:00', to: '2026-03-10T21:59:59.999', status: 'provisional', write: false },
    { from: '2026-03-10T02:00', to: '2026-03-10T22:00', status: 'final', write: true },
    { from: '2026-03-10T00:00', to: '2026-03-10T20:00', status: 'final', write: true },
    { from: '2026-03-09T23:59:59.999', to: '2026-03-10T20:00', status: 'provisional', write: true },
    { from: '2026-03-09T12:00', to: '2026-03-09T23:00', status: 'provisional', write: false },
  ];
  for (const { from, to, status, write } of SETTLING)
    test(`calls the day ${status} with equal figures at ${from} and ${to}`, () => {
      const { day: first } = revised(null, from, figuresWith(1));
      const second = revised(first, to, figuresWith(1));
      assert.deepEqual([second.day.status, second.write], [status, write]);
      assert.deepEqual(second.day.finalAt, status === 'final' ? utc(to) : null);
    });

  test('keeps a final day final with the instant it became so', () => {
    const final = revised(storedDay(), '2026-03-11T02:00', figuresWith(1)).day;
    const again = revised(final, '2026-03-20T02:00', figuresWith(1));
    assert.deepEqual(
      [again.day.status, again.day.finalAt, again.write],
      ['final', utc('2026-03-11T02:00'), false],
    );
  });

  test('reopens a final day with other figures as a new revision, and keeps the old with the cause', () => {
    const final = revised(storedDay(), '2026-03-11T02:00', figuresWith(1)).day;
    const { day, revision } = revised(final, '2026-04-20T02:00', figuresWith(2), {
      cause: 'job late changed',
    });
    assert.deepEqual(
      [day.status, day.revision, day.finalAt, day.settledSince],
      ['provisional', 2, null, utc('2026-04-20T02:00')],
    );
    assert.deepEqual(revision, {
      revision: 1,
      collectedAt: utc('2026-03-10T02:00'),
      replacedAt: utc('2026-04-20T02:00'),
      cause: 'job late changed',
      ...sectionsOf(final),
    });
  });

  test('takes a record of another project, or another record, for other figures', () => {
    const stored = storedDay(2);
    const moved = revised(stored, '2026-03-10T12:00', figuresWith(2, { project: 'beta' }));
    assert.equal(moved.figuresChanged, true);
    const [first, second] = figuresWith(2).members as [string, string];
    const renamed = revised(stored, '2026-03-10T12:00', {
      ...figuresWith(2),
      members: [first, `${second}b`],
    });
    assert.equal(renamed.figuresChanged, true);
  });

  test('writes new faults and checks without calling the figures new', () => {
    const faults = { ...figuresWith(1).faults, malformed: ['x'] };
    const { write, figuresChanged } = revised(storedDay(), '2026-03-10T12:00', { ...figuresWith(1), faults });
    assert.deepEqual([write, figuresChanged], [true, false]);
  });

  test('never lets a source that failed replace a good section', () => {
    const stored = storedDay(3);
    const { day, write, revision } = revised(stored, '2026-03-10T12:00', 'denied');
    assert.deepEqual({ ...day, sources: {} }, { ...stored, sources: {} });
    assert.deepEqual(day.sources.jobs, {
      ...stored.sources.jobs,
      status: 'stale',
      durationMs: 5,
      error: 'denied',
      failingSince: utc('2026-03-10T12:00'),
    });
    assert.deepEqual([write, revision], [true, null]);
    assert.equal(revised(day, '2026-03-10T13:00', 'denied').write, false, 'told once');
  });

  test('gives null and never zero where a source never answered', () => {
    const { day } = revised(null, '2026-03-10T02:00', 'denied');
    assert.deepEqual([day.jobs, day.gpu, day.settledSince, day.members], [null, null, null, 0]);
    assert.deepEqual([day.sources.jobs?.status, day.sources.jobs?.collectedAt], ['failed', null]);
    const later = revised(day, '2026-03-11T02:00', figuresWith(0));
    assert.deepEqual([later.day.revision, later.day.jobs?.completed], [2, 0]);
    assert.equal(later.revision?.cause, 'jobs answered again');
  });

  test('opens a conflict for vanished records, with the most the day ever had', () => {
    const [a, b, c] = figuresWith(3).members as [string, string, string];
    const { day, open } = revised(storedDay(3), '2026-03-10T12:00', figuresWith(1), { vanished: [b, c] });
    assert.equal(day.status, 'conflict');
    assert.deepEqual(day.conflict, {
      started: 3,
      ended: 3,
      hoursCompleted: 6,
      vanished: [b, c],
      alarmId: 'collect-metrics:conflict:2026-03-10T00:00:00.000Z',
    });
    assert.deepEqual(
      open.map(({ kind, brokenAt }) => [kind, brokenAt]),
      [['conflict', utc('2026-03-10T00:00')]],
    );
    const more = revised(day, '2026-03-10T13:00', figuresWith(0), { vanished: [a] });
    assert.deepEqual([more.open, more.day.conflict?.ended, more.day.conflict?.vanished], [[], 3, [b, c, a]]);
    assert.match(
      more.reword[0]?.message ?? '',
      /^3 job records of .* it counted 3 started, now 0; 3 ended, now 0/,
    );
    const back = revised(more.day, '2026-03-10T14:00', figuresWith(3));
    assert.deepEqual([back.day.status, back.close.length], ['provisional', 1]);
    const partly = revised(more.day, '2026-03-10T14:00', figuresWith(2));
    assert.deepEqual([partly.day.status, partly.close], ['conflict', []]);
    const others = { ...figuresWith(3), members: [a, b, 'jobs:jobs/another'] };
    const replaced = revised(more.day, '2026-03-10T14:00', others);
    assert.deepEqual([replaced.day.status, replaced.close], ['conflict', []]);
  });

  test('never calls a conflict final', () => {
    const { day } = revised(storedDay(3), '2026-03-10T12:00', figuresWith(1), { vanished: ['a', 'b'] });
    assert.equal(revised(day, '2026-03-20T12:00', figuresWith(1)).day.status, 'conflict');
  });

  test('gives a day that the strict schema takes as it is', () => {
    for (const brought of [figuresWith(2), 'denied'])
      for (const stored of [null, storedDay(1)]) {
        const { day } = revised(stored, '2026-03-10T12:00', brought, { vanished: stored ? ['a'] : [] });
        assert.deepEqual(daySchema.parse(day), day);
      }
  });

  test('is given the day before to check against', () => {
    const before = storedDay(1, { date: '2026-03-08' });
    const { day } = revised(null, '2026-03-10T02:00', figuresWith(1), { before });
    assert.deepEqual([day.checks.inFlight.status, day.checks.hoursUsed.status], ['holds', 'holds']);
  });
});

describe('decreased()', () => {
  const CASES: [what: string, figures: Figures, expected: boolean][] = [
    ['fewer jobs', figuresWith(2), true],
    ['fewer hours of as many jobs', figuresWith(3, { gpus: 0 }), true],
    ['fewer that ended', figuresWith(3, { state: 'running', endedAt: null }), true],
    ['more jobs', figuresWith(4), false],
    ['the same', figuresWith(3), false],
  ];
  for (const [what, figures, expected] of CASES)
    test(`is ${expected} for ${what}`, () =>
      assert.equal(decreased(storedDay(3), { jobs: figures }), expected));

  test('is told of each book by itself', () => {
    const stored = storedDay(3, { etl: figuresWith(2).jobs });
    assert.equal(decreased(stored, { jobs: figuresWith(4), etl: figuresWith(1) }), true);
    assert.equal(decreased(stored, { jobs: figuresWith(3), etl: figuresWith(2) }), false);
  });

  test('is false without figures to sink from, or to compare', () => {
    assert.equal(decreased(storedDay(3, { jobs: null, gpu: null }), { jobs: figuresWith(0) }), false);
    assert.equal(decreased(storedDay(3), {}), false);
  });
});

describe('daySchema', () => {
  const LEAKS: [where: string, leak: (day: ReturnType<typeof storedDay>) => object][] = [
    ['the day', (day) => ({ ...day, rowsWritten: 3 })],
    ['its jobs', (day) => ({ ...day, jobs: { ...day.jobs, documentsRead: 3 } })],
    ['its GPU hours', (day) => ({ ...day, gpu: { ...day.gpu, jobsSeen: 3 } })],
    ['a source', (day) => ({ ...day, sources: { jobs: { ...day.sources.jobs, pages: 3 } } })],
    ['its checks', (day) => ({ ...day, checks: { ...day.checks, retries: 3 } })],
    [
      'a check',
      (day) => ({ ...day, checks: { ...day.checks, inFlight: { ...day.checks.inFlight, off: 0 } } }),
    ],
  ];
  for (const [where, leak] of LEAKS)
    test(`refuses a counter that leaked into ${where}`, () => {
      assert.equal(daySchema.safeParse(storedDay()).success, true);
      assert.equal(daySchema.safeParse(leak(storedDay())).success, false);
    });
});

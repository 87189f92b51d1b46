import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { describe, test } from 'node:test';
import { addMs } from '../../../functions/shared/dates.ts';
import { type Sighting, sightingOf } from '../../../functions/shared/model/job/sighting.ts';
import { verdictOf } from '../../../functions/shared/model/job/verdict/verdict.ts';
import { fromPage, toPages } from '../../../functions/shared/store/own/sightings.ts';
import { sightingAfter } from '../../../functions/sweep-stale-jobs/rules/remember.ts';
import { mulberry32 } from '../../../scripts/stack/sample/dice.ts';
import { ago, inState, NOW, runningJob, suspectOf, truthOf } from '../../support/suspects.ts';

const BEFORE: Sighting = {
  path: 'jobs/x',
  startedAt: ago(180),
  backendId: '7',
  heartbeatAt: ago(47),
  stillSince: ago(20),
  goneSince: ago(20),
  heardAt: ago(30),
  unknownSince: ago(20),
  truth: truthOf('completed'),
};
const JOB = runningJob({ heartbeatAt: ago(47), backendId: '7' });

describe('sightingOf()', () => {
  test('is what was seen, as long as the record stays as it is', () =>
    assert.equal(sightingOf(BEFORE, JOB, ago(46)), BEFORE));

  test('tells nothing of what nobody looked at, nor of another try', () => {
    assert.equal(sightingOf(undefined, JOB, ago(46)), null);
    for (const other of [
      { startedAt: ago(10) },
      { startedAt: null },
      { backendId: '8' },
      { backendId: null },
    ])
      assert.equal(sightingOf(BEFORE, { ...JOB, ...other }, ago(46)), null);
  });

  test('keeps what was heard of one that was written since, but neither a 404 nor an end', () => {
    const seen = sightingOf(BEFORE, JOB, ago(10));
    const { stillSince, goneSince, truth, movedAt, heardAt, unknownSince } = seen ?? {};
    assert.deepEqual([stillSince, goneSince, truth, movedAt], [undefined, undefined, undefined, undefined]);
    assert.deepEqual([heardAt, unknownSince], [ago(30), ago(20)]);
  });

  test('knows a heartbeat that moves for life, whatever it says, forwards or back', () => {
    for (const heartbeatAt of [ago(46), ago(500), ago(-600)])
      assert.deepEqual(sightingOf(BEFORE, { ...JOB, heartbeatAt }, ago(10))?.movedAt, ago(10));
    assert.equal(sightingOf(BEFORE, { ...JOB, heartbeatAt: null }, ago(10))?.movedAt, undefined);
  });

  test('knows that one was resumed', () => {
    const suspended = { ...BEFORE, suspended: true };
    assert.deepEqual(sightingOf(suspended, JOB, ago(10))?.resumedAt, ago(10));
    assert.equal(sightingOf(suspended, { ...JOB, state: 'suspended' }, ago(10))?.resumedAt, undefined);
  });
});

describe('sightingAfter()', () => {
  const after = (over: Parameters<typeof suspectOf>[1], job = {}) => {
    const suspect = suspectOf({ heartbeatAt: ago(47), ...job }, over);
    return sightingAfter('jobs/x', { suspect, verdict: verdictOf(suspect, NOW) }, NOW);
  };

  test('begins with this sweep, or goes on', () => {
    assert.deepEqual(after({}).stillSince, NOW);
    assert.deepEqual(after({ sighting: { path: 'x', stillSince: ago(20) } }).stillSince, ago(20));
    assert.deepEqual(after({ sighting: { path: 'x', movedAt: ago(9) } }).movedAt, ago(9));
  });

  test('keeps when its backend last said that it goes on', () => {
    for (const state of ['queued', 'running'] as const)
      assert.deepEqual(after({ truth: truthOf(state) }).heardAt, NOW);
    const heard = { path: 'x', heardAt: ago(20) };
    for (const state of ['gone', 'unknown'] as const)
      assert.deepEqual(after({ truth: truthOf(state), sighting: heard }).heardAt, ago(20), state);
  });

  test('keeps a 404 until its backend knows the job again, and not longer', () => {
    const sighting = { path: 'x', stillSince: ago(20), goneSince: ago(20) };
    assert.deepEqual(after({ truth: truthOf('gone') }).goneSince, NOW);
    for (const state of ['gone', 'unknown'] as const)
      assert.deepEqual(after({ truth: truthOf(state), sighting }).goneSince, ago(20), state);
    assert.equal(after({ truth: truthOf('running'), sighting }).goneSince, undefined);
  });

  test('keeps an end that was believed, and no other answer', () => {
    assert.equal(after({ truth: truthOf('completed') }).truth?.state, 'completed');
    const another = truthOf('completed', { startedAt: ago(900), endedAt: ago(800) });
    assert.equal(after({ truth: another }).truth, undefined);
    assert.equal(after({ truth: truthOf('completed', { endedAt: ago(1) }) }).truth, undefined);
    assert.equal(after({ truth: truthOf('running') }).truth, undefined);
  });

  test('keeps since when nobody can tell', () => {
    assert.deepEqual(after({ truth: truthOf('unknown') }).unknownSince, NOW);
    const sighting = { path: 'x', unknownSince: ago(900) };
    assert.deepEqual(after({ truth: truthOf('unknown'), sighting }).unknownSince, ago(900));
    assert.equal(after({ truth: truthOf('running'), sighting }).unknownSince, undefined);
  });

  test('keeps when it was resumed', () =>
    assert.deepEqual(after({ sighting: { path: 'x', resumedAt: ago(9) } }).resumedAt, ago(9)));

  test('tells that it is suspended', () =>
    assert.deepEqual([after({}, inState('suspended')).suspended, after({}).suspended], [true, undefined]));
});

describe('toPages()', () => {
  const random = mulberry32(7);
  const digits = (count: number) => String(Math.floor(random() * 10 ** count)).padStart(count, '0');
  const many = (count: number): Sighting[] =>
    Array.from({ length: count }, () => ({
      path: `jobs/${digits(12)}${digits(12)}`,
      backendId: `${digits(10)}${digits(9)}`,
      heardAt: ago(10),
      startedAt: addMs(NOW, -Math.floor(random() * 1e9)),
      heartbeatAt: addMs(NOW, -Math.floor(random() * 1e9)),
      stillSince: ago(10),
    }));

  test('keeps all that is known of each', () => {
    const { pages, left } = toPages([BEFORE, { path: 'jobs/y' }]);
    assert.deepEqual([pages.length, left], [1, 0]);
    assert.deepEqual(pages.flatMap(fromPage), [BEFORE, { path: 'jobs/y' }]);
    assert.deepEqual(toPages([]), { pages: [], left: 0 });
  });

  test('keeps 10,000 jobs with names that nobody can compress in one document', () => {
    const sightings = many(10_000);
    const { pages, left } = toPages(sightings);
    assert.ok(pages.length === 1, `${pages.length} pages`);
    assert.ok(pages.every((page) => page.length <= 900_000));
    assert.equal(left, 0);
    assert.equal(pages.flatMap(fromPage).length, 10_000);
  });

  test('keeps the first of those that are too many, and says how many are left', () => {
    const sightings = Array.from({ length: 520 }, () => ({ path: randomBytes(12_000).toString('base64') }));
    const { pages, left } = toPages(sightings);
    assert.ok(pages.length === 8 && left > 0 && left < 520, `${pages.length} pages, ${left} left`);
    const kept = pages.flatMap(fromPage).map(({ path }) => path);
    assert.deepEqual(
      kept,
      sightings.slice(0, 520 - left).map(({ path }) => path),
    );
  });
});

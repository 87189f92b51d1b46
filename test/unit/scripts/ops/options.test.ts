import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { rangeOf } from '../../../../scripts/ops/days/range.ts';
import { bodyOf } from '../../../../scripts/ops/run/run-task.ts';
import { audienceOf } from '../../../../scripts/ops/shared/id-token.ts';
import {
  ageUpTo,
  commaList,
  oneOf,
  parseAge,
  parseDay,
  wholeUpTo,
} from '../../../../scripts/ops/shared/options.ts';
import { placeOf, resolveTarget } from '../../../../scripts/ops/shared/target.ts';
import { sweepBody } from '../../../../scripts/ops/sweep/sweep.ts';
import { choosePlace, PROCESS_SHELL, runIn } from '../../../../scripts/shared/shell.ts';

const exitCode = 2;

describe('parseDay()', () => {
  test('takes a day of the calendar', () => assert.equal(parseDay('2028-02-29'), '2028-02-29'));
  for (const text of ['2026-02-29', '2026-13-01', '26-01-01', '2026-1-1', 'yesterday', ''])
    test(`refuses ${JSON.stringify(text)}`, () =>
      assert.throws(() => parseDay(text), /date of the calendar/));
});

describe('wholeUpTo()', () => {
  test('takes the limit', () => assert.equal(wholeUpTo(500)('500'), 500));
  for (const text of ['0', '501', '1.5', '-1', '1e2', 'many'])
    test(`refuses ${text}`, () => assert.throws(() => wholeUpTo(500)(text), /from 1 to 500/));
});

describe('parseAge()', () => {
  for (const [text, minutes] of [
    ['90m', 90],
    ['1h', 60],
    ['1.5h', 90],
    ['2d', 2_880],
  ] as const)
    test(`takes ${text}`, () => assert.equal(parseAge(text), minutes * 60_000));
  for (const text of ['90', '0m', '-1h', '1w', '1h30m', 'h', ''])
    test(`refuses ${JSON.stringify(text)}`, () =>
      assert.throws(() => parseAge(text), /such as 90m, 1h or 2d/));
});

test('ageUpTo() takes the limit, and nothing beyond it', () => {
  assert.equal(ageUpTo(90)('90d'), 90 * 86_400_000);
  for (const text of ['91d', '99999999999d', '1w']) assert.throws(() => ageUpTo(90)(text), /Expected /);
});

describe('oneOf()', () => {
  test('suggests the nearest and names all', () =>
    assert.throws(() => oneOf('task', 'collect-metrcs', ['collect-metrics', 'prune-records']), {
      exitCode,
      message:
        'Unknown task "collect-metrcs", did you mean collect-metrics? (known: collect-metrics, prune-records)',
    }));
  test('suggests nothing where nothing is near', () =>
    assert.throws(
      () => oneOf('task', 'xyz', ['collect-metrics']),
      /^OpsProblem: Unknown task "xyz" \(known/,
    ));
});

test('commaList() collects repeated flags', () =>
  assert.deepEqual(commaList('c=d', commaList('a=b, x=y')), ['a=b', 'x=y', 'c=d']));

describe('bodyOf()', () => {
  test('is empty without flags, so that the run is whole', () => assert.deepEqual(bodyOf({}), {}));
  test('merges --date and --dry-run into --body', () =>
    assert.deepEqual(bodyOf({ body: '{"a":1}', date: '2026-01-01', dryRun: true }), {
      a: 1,
      date: '2026-01-01',
      dryRun: true,
    }));
  for (const [options, message] of [
    [{ body: '{"date":"2026-01-01"}', date: '2026-01-02' }, /--date: --body has the key "date"/],
    [{ body: '{"dryRun":false}', dryRun: true as const }, /--dry-run: --body has the key "dryRun"/],
    [{ body: '[]' }, /a JSON object is expected/],
    [{ body: '{' }, /Cannot read --body/],
  ] as const)
    test(`refuses ${JSON.stringify(options)}`, () =>
      assert.throws(() => bodyOf(options), { exitCode, message }));
});

describe('sweepBody()', () => {
  test('is empty without flags, so that the run is whole', () => assert.deepEqual(sweepBody({}), {}));
  test('says which jobs, in the words of the function', () =>
    assert.deepEqual(sweepBody({ dryRun: true, source: 'jobs', olderThan: 5_400_000 }), {
      dryRun: true,
      source: 'jobs',
      olderThanHours: 1.5,
    }));
  test('says how a job ended, and why', () =>
    assert.deepEqual(sweepBody({ job: 'a', end: 'failed', reason: 'the node burnt' }), {
      jobId: 'a',
      end: 'failed',
      reason: 'the node burnt',
    }));
  test('takes back what was said, with a reason or without', () => {
    assert.deepEqual(sweepBody({ job: 'a', undo: true }), { jobId: 'a', undo: true });
    const reason = 'it runs on';
    assert.deepEqual(sweepBody({ job: 'a', undo: true, reason }), { jobId: 'a', undo: true, reason });
  });
  for (const [what, options, message] of [
    ['an undo of no job', { undo: true }, /--undo: say of which job, with --job ID/],
    ['an undo beside an end', { job: 'a', undo: true, end: 'failed', reason: 'x' }, /--undo beside --end/],
    ['an end of no job', { end: 'failed', reason: 'x' }, /--end: say of which job, with --job ID/],
    ['an end without a reason', { job: 'a', end: 'failed' }, /--end: say why, with --reason TEXT/],
    ['a reason that says nothing', { job: 'a', end: 'failed', reason: ' ' }, /--end: say why/],
    ['a reason without an end', { job: 'a', reason: 'x' }, /--reason: it is of a job that is ended by hand/],
    ['an age beside a job', { job: 'a', olderThan: 1 }, /--older-than beside --job/],
  ] as const)
    test(`refuses ${what}`, () => assert.throws(() => sweepBody(options), { exitCode, message }));
});

describe('rangeOf()', () => {
  const now = new Date('2026-03-15T00:30:00Z');
  test('is the last 14 days up to yesterday', () =>
    assert.deepEqual(rangeOf({}, now), { from: '2026-03-01', to: '2026-03-14' }));
  test('ends 14 days at --to', () =>
    assert.deepEqual(rangeOf({ to: '2026-01-14' }, now), { from: '2026-01-01', to: '2026-01-14' }));
  test('takes 400 days and refuses 401', () => {
    assert.equal(rangeOf({ from: '2025-01-01', to: '2026-02-04' }, now).from, '2025-01-01');
    assert.throws(() => rangeOf({ from: '2025-01-01', to: '2026-02-05' }, now), {
      exitCode,
      message: /401 days/,
    });
  });
  test('refuses an end before the start', () =>
    assert.throws(() => rangeOf({ from: '2026-01-02', to: '2026-01-01' }, now), { exitCode }));
});

describe('resolveTarget()', () => {
  const stack = { emulatorHost: '127.0.0.1:1', project: 'stack-project' };
  for (const [name, variables, running, expected] of [
    [
      'an emulator named wins over the stack',
      { FIRESTORE_EMULATOR_HOST: 'h:1' },
      stack,
      'emulator nightshift-local',
    ],
    [
      'its project is the one named',
      { FIRESTORE_EMULATOR_HOST: 'h:1', GOOGLE_CLOUD_PROJECT: 'p' },
      stack,
      'emulator p',
    ],
    ['the stack is reached when none is named', {}, stack, 'stack stack-project'],
    [
      'the stack whose project is named',
      { GOOGLE_CLOUD_PROJECT: 'stack-project' },
      stack,
      'stack stack-project',
    ],
    ['a real project is reached only when named', { GOOGLE_CLOUD_PROJECT: 'p' }, undefined, 'real p'],
  ] as const)
    test(name, () => {
      const { kind, project } = resolveTarget(variables, running);
      assert.equal(`${kind} ${project}`, expected);
    });
  test('refuses where a stack runs and another project is named: nobody can tell which is meant', () =>
    assert.throws(() => resolveTarget({ GOOGLE_CLOUD_PROJECT: 'p' }, stack), {
      exitCode,
      message:
        /names p, and a stack runs here whose project is stack-project\. Add --project p or --project stack-project$/,
    }));
  test('takes the project of --project, though a stack runs', async () => {
    let target: unknown;
    await runIn(PROCESS_SHELL, async () => {
      choosePlace({ project: 'p' });
      target = resolveTarget({ GOOGLE_CLOUD_PROJECT: 'q' }, stack);
    });
    assert.deepEqual(target, { kind: 'real', project: 'p' });
  });
  test('says how to start the stack when there is nothing to talk to', () =>
    assert.throws(() => resolveTarget({}, undefined), {
      exitCode: 3,
      message:
        'No stack is running and no project is named. Start the stack: npm start, or add --project PROJECT',
    }));
});

test('placeOf() names the project and database of a source that lies elsewhere', () =>
  assert.equal(
    placeOf({ kind: 'real', project: 'ours' }, { googleProject: 'theirs', database: 'jobs' }),
    'Google Cloud project theirs, database jobs',
  ));

test('audienceOf() is the service, and the function where many share a host', () => {
  assert.equal(audienceOf(new URL('https://x-abc.a.run.app/some/path?a=b')), 'https://x-abc.a.run.app');
  assert.equal(
    audienceOf(new URL('https://europe-west1-p.cloudfunctions.net/collect-metrics/x')),
    'https://europe-west1-p.cloudfunctions.net/collect-metrics',
  );
});

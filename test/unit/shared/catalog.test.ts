import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import builtIn from '../../../functions/catalog.json' with { type: 'json' };
import {
  backoffSeconds,
  type CatalogEntry,
  loadCatalog,
  loadServices,
  nextSlot,
  parseCatalog,
  parseServices,
  SETTLE_SECONDS,
} from '../../../functions/shared/catalog.ts';
import { readEnvironment } from '../../../functions/shared/environment.ts';
import { InvalidConfiguration } from '../../../functions/shared/errors.ts';
import { ROOT } from '../../../scripts/shared/places.ts';
import { edited } from '../../support/edited.ts';
import { ENTRY } from '../../support/entry.ts';

function parse(entry: object, task = 'duty'): CatalogEntry | undefined {
  return parseCatalog({ [task]: entry }, 'the-file.json')[task];
}

function refused(entry: object, expected: string, task = 'duty'): void {
  assert.throws(
    () => parse(entry, task),
    (error) =>
      error instanceof InvalidConfiguration &&
      error.message.startsWith('Cannot use the-file.json:\n') &&
      error.message.split('\n').includes(`  ${task}${expected}`),
    expected,
  );
}

describe('a catalogue', () => {
  test('that is right is taken, each entry with its task', () =>
    assert.deepEqual(parse(ENTRY), { task: 'duty', ...ENTRY }));

  for (const [key, value, expected] of [
    ['entryPoint', 'Do-Duty', 'Cannot use "Do-Duty"; expected a camelCase name'],
    ['entryPoint', undefined, 'Missing; expected a string'],
    ['description', '', 'Cannot use ""; expected at least 1 character'],
    ['enabled', 'yes', 'Cannot use "yes"; expected a boolean'],
    ['schedule', '0 2 * *', 'Cannot read "0 2 * *"; expected a unix-cron expression of five fields'],
    ['timeoutSeconds', 30, 'Cannot use 30; expected at least 31'],
    ['timeoutSeconds', 1801, 'Cannot use 1801; expected at most 1800'],
    ['timeoutSeconds', '540', 'Cannot use "540"; expected a number'],
    ['timeoutSeconds', 90.5, 'Cannot use 90.5; expected an integer'],
    ['timeoutSeconds', 601, 'Cannot use 601; expected at most attemptDeadlineSeconds, which is 600'],
    ['attemptDeadlineSeconds', 14, 'Cannot use 14; expected at least 15'],
    ['attemptDeadlineSeconds', 1801, 'Cannot use 1801; expected at most 1800'],
    ['leaseSeconds', 1, 'Cannot use 1; expected at least 2'],
    ['leaseSeconds', 901, 'Cannot use 901; expected at most 900'],
    ['startGraceSeconds', -1, 'Cannot use -1; expected at least 0'],
    [
      'retry',
      undefined,
      'Missing; expected an object {count, minBackoffSeconds, maxBackoffSeconds, maxDoublings}',
    ],
    ['retry.count', 6, 'Cannot use 6; expected at most 5'],
    ['retry.minBackoffSeconds', 4, 'Cannot use 4; expected at least 5'],
    ['retry.maxBackoffSeconds', 3601, 'Cannot use 3601; expected at most 3600'],
    ['retry.maxDoublings', 17, 'Cannot use 17; expected at most 16'],
    ['memory', '512MB', 'Cannot use "512MB"; expected an amount such as 512Mi'],
  ] as const)
    test(`with ${key} ${JSON.stringify(value)} is refused: ${expected}`, () =>
      refused(edited(ENTRY, key, value), `.${key}: ${expected}`));

  test('with an unknown key is refused, with the nearest known one', () =>
    refused(
      edited(ENTRY, 'retry.counts', 3),
      '.retry.counts: Unknown key "counts", did you mean "count"?; expected one of count, minBackoffSeconds, maxBackoffSeconds, maxDoublings',
    ));

  test('with a task that could be no folder is refused', () =>
    refused(ENTRY, ': Cannot use "Do Duty"; expected a kebab-case task name', 'Do Duty'));

  test('names every problem at once', () =>
    assert.throws(
      () => parse({ ...ENTRY, enabled: 1, memory: 1 }),
      /duty\.enabled: [^\n]+\n {2}duty\.memory: /,
    ));

  test('is refused when no retry could come after a dead run gave its lease back', () => {
    const retry = { count: 2, minBackoffSeconds: 60, maxBackoffSeconds: 600, maxDoublings: 3 };
    assert.ok(parse({ ...ENTRY, leaseSeconds: 149, retry }));
    refused(
      { ...ENTRY, leaseSeconds: 150, retry },
      '.retry: The back-offs sum to 180 s; expected more than leaseSeconds + 30 = 180 s, or a retry could never take over a dead run',
    );
    assert.ok(parse({ ...ENTRY, leaseSeconds: 900, retry: { ...retry, count: 0 } }), 'no retries, no rule');
  });
});

const SERVICE = {
  kind: 'service',
  entryPoint: 'answer',
  description: 'answers',
  timeoutSeconds: 60,
  concurrency: 40,
  maxInstances: 3,
  memory: '512Mi',
} as const;

describe('a service in a catalogue', () => {
  const both = { duty: ENTRY, answers: SERVICE };

  test('is none of its tasks, and no task is a service', () => {
    assert.deepEqual(Object.keys(parseCatalog(both, 'the-file.json')), ['duty']);
    assert.deepEqual(parseServices(both, 'the-file.json'), { answers: { service: 'answers', ...SERVICE } });
  });

  for (const [key, value, expected] of [
    ['entryPoint', 'An-swer', 'Cannot use "An-swer"; expected a camelCase name'],
    ['timeoutSeconds', 5, 'Cannot use 5; expected at least 6'],
    ['concurrency', 0, 'Cannot use 0; expected at least 1'],
    ['maxInstances', 101, 'Cannot use 101; expected at most 100'],
    ['memory', '512MB', 'Cannot use "512MB"; expected an amount such as 512Mi'],
    [
      'schedule',
      '0 2 * * *',
      'Unknown key "schedule"; expected one of entryPoint, description, kind, timeoutSeconds, concurrency, maxInstances, memory',
    ],
    ['kind', 'servant', 'Cannot use "servant"; expected one of task, service'],
  ] as const)
    test(`with ${key} ${JSON.stringify(value)} is refused, for tasks as well: ${expected}`, () => {
      const wrong = { ...both, answers: { ...SERVICE, [key]: value } };
      for (const read of [parseCatalog, parseServices])
        assert.throws(
          () => read(wrong, 'the-file.json'),
          (error) =>
            error instanceof InvalidConfiguration &&
            error.message === `Cannot use the-file.json:\n  answers.${key}: ${expected}`,
        );
    });

  test('alone makes no catalogue', () =>
    assert.throws(() => parseServices({ answers: SERVICE }, 'the-file.json'), /No task/));
});

describe('the grace of a start', () => {
  for (const [schedule, shortest] of [
    ['*/10 * * * *', 600],
    ['* * * * *', 60],
    // From minute 56 to the next hour.
    ['*/7 * * * *', 240],
    ['55,0 * * * *', 300],
    ['59 23 * * *', 86_400],
    ['0,59 0,23 * * *', 60],
    ['0 2 * * 0', 604_800],
    ['0 2 1 * *', 28 * 86_400],
    // The first may be the day before a Monday.
    ['0 2 1 * MON', 86_400],
    // 29 February 2044 is a Monday: none of those two ever meets a Tuesday sooner.
    ['0 2 29 2 TUE', 86_400],
    ['0 22,1 * * 1,2', 3 * 3600],
    ['0 22,1 * * 1,3', 21 * 3600],
  ] as const)
    test(`of "${schedule}" is less than ${shortest} s`, () => {
      assert.ok(parse({ ...ENTRY, schedule, startGraceSeconds: shortest - 1 }));
      refused(
        { ...ENTRY, schedule, startGraceSeconds: shortest },
        `.startGraceSeconds: Cannot use ${shortest}; expected less than ${shortest}, the shortest time from a slot of "${schedule}" to the next`,
      );
    });
});

describe('a schedule', () => {
  for (const schedule of [
    '0 2 * * *',
    '*/10 * * * *',
    '0,30 2-4 1 JAN MON',
    '0 2 * jul wed',
    '0 2 29 2 *',
    '1-59/2 * * * 7',
  ])
    test(`"${schedule}" is taken`, () =>
      assert.equal(parse({ ...ENTRY, schedule, startGraceSeconds: 59 })?.schedule, schedule));

  for (const [schedule, field] of [
    ['0 2 */2 * 1', '*/2'],
    ['0 2 */1 * MON', '*/1'],
    ['0 2 1 * */2', '*/2'],
    ['0 2 1,*/5 * 7', '1,*/5'],
  ] as const)
    test(`"${schedule}" is refused: whether ${field} restricts the days is read in two ways`, () =>
      assert.throws(
        () => parse({ ...ENTRY, schedule }),
        (error) =>
          error instanceof InvalidConfiguration &&
          error.message.includes(`duty.schedule: Cannot use ${JSON.stringify(schedule)}; expected * in`) &&
          error.message.includes(`instead of ${field}:`),
      ));

  for (const schedule of ['0 2 */2 * *', '0 2 * * */2', '0 2 1-31/2 * 1', '0 2 1 * 0-6/2'])
    test(`"${schedule}" is read in one way alone`, () => assert.ok(parse({ ...ENTRY, schedule })));

  for (const [schedule, why] of [
    ['', 'nothing'],
    ['@daily', 'a nickname'],
    ['0 2 * *', 'four fields'],
    ['0 0 2 * * *', 'six fields'],
    ['61 * * * *', 'minute 61'],
    ['*/61 * * * *', 'every 61 minutes'],
    ['0 24 * * *', 'hour 24'],
    ['0 2 0 * *', 'day 0'],
    ['0 2 * 13 *', 'month 13'],
    ['0 2 * * 8', 'weekday 8'],
    ['0 0 31 2 *', 'a day that never comes'],
    ['0 2 L * *', 'the last day, which Cloud Scheduler does not know'],
    ['0 2 l * *', 'the same in small'],
    ['0 2 * * 5L', 'the last Friday'],
    ['0 2 15W * *', 'the nearest weekday'],
    ['0 2 * * 5#1', 'the first Friday'],
    ['0 2 ? * *', 'a question mark'],
    ['0 2 5-1 * *', 'a range backwards'],
    ['-5 * * * *', 'a negative minute'],
    [' 0 2 * * *', 'a space before it'],
  ] as const)
    test(`"${schedule}" is refused: ${why}`, () =>
      refused(
        { ...ENTRY, schedule },
        `.schedule: Cannot read ${JSON.stringify(schedule)}; expected a unix-cron expression of five fields`,
      ));
});

describe('backoffSeconds()', () => {
  // https://cloud.google.com/scheduler/docs/reference/rest/v1/projects.locations.jobs#retryconfig
  const DOCUMENTED = [10, 20, 40, 80, 160, 240, 300, 300];
  for (let count = 0; count <= DOCUMENTED.length; count += 1)
    test(`sums the first ${count} of Google's documented sequence`, () =>
      assert.equal(
        backoffSeconds({ count, minBackoffSeconds: 10, maxBackoffSeconds: 300, maxDoublings: 3 }),
        DOCUMENTED.slice(0, count).reduce((sum, wait) => sum + wait, 0),
      ));

  test('grows linearly from the start without doublings', () =>
    assert.equal(
      backoffSeconds({ count: 4, minBackoffSeconds: 10, maxBackoffSeconds: 35, maxDoublings: 0 }),
      10 + 20 + 30 + 35,
    ));
});

describe('the catalogue of the project', () => {
  const catalog = loadCatalog(readEnvironment({}));
  const folders = readdirSync(join(ROOT, 'functions'), { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && entry.name !== 'shared')
    .map((entry) => entry.name);

  test('has an entry for each folder of a function, and a folder for each entry', () => {
    const names = Object.keys(builtIn);
    const problems = [
      ...names
        .filter((name) => !folders.includes(name))
        .map((name) => `functions/catalog.json has ${name}, but there is no folder functions/${name}`),
      ...folders
        .filter((folder) => !names.includes(folder))
        .map(
          (folder) => `there is a folder functions/${folder}, but functions/catalog.json has no ${folder}`,
        ),
    ];
    assert.equal(problems.length, 0, `\n${problems.join('\n')}\n`);
  });

  test('names no two functions alike for the framework', () => {
    const entryPoints = Object.values(builtIn).map(({ entryPoint }) => entryPoint);
    assert.equal(new Set(entryPoints).size, entryPoints.length);
  });

  for (const service of Object.keys(loadServices(readEnvironment({}))))
    test(`${service} registers its entry point once, under the catalogue's name`, () => {
      const code = readFileSync(join(ROOT, 'functions', service, 'index.ts'), 'utf8');
      assert.match(code, new RegExp(`startService\\('${service}'\\)`));
      assert.equal([...code.matchAll(/^http\(\s*options\.entry\.entryPoint,/gm)].length, 1);
    });

  for (const { task, timeoutSeconds, attemptDeadlineSeconds, leaseSeconds } of Object.values(catalog)) {
    test(`${task} registers its entry point once, under the catalogue's name`, () => {
      const file = join(ROOT, 'functions', task, 'index.ts');
      assert.ok(existsSync(file), file);
      const code = readFileSync(file, 'utf8');
      assert.match(code, new RegExp(`startFunction\\('${task}'\\)`));
      assert.equal([...code.matchAll(/^http\(\s*options\.entry\.entryPoint,/gm)].length, 1);
    });

    test(`the budgets of ${task} nest`, () => {
      const workSeconds = timeoutSeconds - SETTLE_SECONDS;
      assert.ok(workSeconds > leaseSeconds, 'a lease is renewed before the work is over');
      assert.ok(timeoutSeconds <= attemptDeadlineSeconds);
      const first = nextSlot(catalog[task] as CatalogEntry, new Date(0));
      const second = nextSlot(catalog[task] as CatalogEntry, first);
      assert.ok(
        timeoutSeconds * 1000 <= second.getTime() - first.getTime(),
        'a run ends before the next slot',
      );
    });
  }
});

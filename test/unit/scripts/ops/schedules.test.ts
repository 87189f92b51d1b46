import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { stripVTControlCharacters } from 'node:util';
import type { LiveSchedule } from '../../../../functions/shared/model/run/schedule.ts';
import { scheduleFinding } from '../../../../scripts/ops/doctor/schedules.ts';
import { fixOf, scheduleRow } from '../../../../scripts/ops/schedules/row.ts';
import { schedulesInWords } from '../../../../scripts/ops/schedules/words.ts';
import { ENTRY } from '../../../support/entry.ts';
import { utc } from '../../../support/jobs.ts';

const NOW = utc('2026-03-10T12:00');
const DUTY = { ...ENTRY, task: 'duty' };
const LIVE: LiveSchedule = {
  name: 'duty',
  schedule: '0 2 * * *',
  timeZone: 'Etc/UTC',
  state: 'ENABLED',
  attemptDeadlineSeconds: ENTRY.attemptDeadlineSeconds,
  retry: ENTRY.retry,
  lastAttemptAt: utc('2026-03-10T02:00'),
  lastStatus: { code: 0, message: '' },
  nextAt: utc('2026-03-11T02:00'),
};

describe('schedulesInWords()', () => {
  const words = (live: Partial<LiveSchedule> | undefined, entry = DUTY) =>
    schedulesInWords([scheduleRow(entry, live && { ...LIVE, ...live }, false)], 'somewhere', NOW).map(
      stripVTControlCharacters,
    );

  test('tells state, next and last attempt, and how it is declared', () =>
    assert.deepEqual(words({}), [
      'Cloud Scheduler: somewhere',
      '',
      'TASK  STATE    NEXT                           LAST ATTEMPT                    CAME TO',
      'duty  enabled  2026-03-11 02:00:00Z, in 14 h  2026-03-10 02:00:00Z, 10 h ago  acknowledged',
      '  At 02:00 UTC (0 2 * * *)',
    ]));

  test('marks what differs, each with what to do', () =>
    assert.deepEqual(words({ state: 'PAUSED', timeZone: 'Asia/Tokyo', nextAt: null }).slice(3), [
      'duty  paused  -     2026-03-10 02:00:00Z, 10 h ago  acknowledged',
      '  At 02:00 UTC (0 2 * * *)',
      '  ! its job is paused',
      '    npm run -s ops -- schedules resume duty',
      '  ! its job goes by Asia/Tokyo, declared is UTC',
      '    terraform -chdir=infra apply',
    ]));

  test('tells of a job that is missing, and what the last attempt of another came to', () => {
    assert.deepEqual(words(undefined).slice(3), [
      'duty  missing  -     -             -',
      '  At 02:00 UTC (0 2 * * *)',
      '  ! Cloud Scheduler has no job "duty"',
      '    terraform -chdir=infra apply',
    ]);
    assert.match(words({ lastStatus: { code: 7, message: '' } })[3] ?? '', / HTTP 403: its service account /);
  });
});

test('what differs from a stand-in is mended by its stack', () => {
  assert.match(fixOf({ kind: 'missing' }, 'duty', true), /npm start$/);
  assert.equal(fixOf({ kind: 'enabled' }, 'duty', true), 'npm run -s ops -- schedules pause duty');
});

describe('scheduleFinding()', () => {
  const found = (live: Partial<LiveSchedule>, over = {}) =>
    scheduleFinding({ ...DUTY, ...over }, { ...LIVE, ...live }, false);

  test('is fine where all is as declared, or disabled on both sides', () => {
    assert.deepEqual(found({}), {
      what: 'duty',
      state: 'ok',
      words: 'At 02:00 UTC, next 2026-03-11 02:00:00Z; 540 s to run within 600 s to answer',
    });
    assert.equal(found({ state: 'PAUSED' }, { enabled: false }).state, 'ok');
    assert.equal(scheduleFinding({ ...DUTY, enabled: false }, undefined, false).state, 'ok');
  });

  for (const [what, live, words, mend] of [
    ['a job that is paused', { state: 'PAUSED' }, /^its job is paused$/, /schedules resume duty$/],
    [
      'an attempt deadline below the timeout',
      { attemptDeadlineSeconds: 539 },
      /^it gives up after 539 s on a function that may take 540 s; its attempt deadline is 539 s, /,
      /^terraform/,
    ],
    [
      'retries that end before the lease of a dead run',
      { retry: { ...ENTRY.retry, count: 1 } },
      /^its last retry comes after 60 s, before a dead run can be taken over after 120 s; its retry count is 1, /,
      /^terraform/,
    ],
  ] as const)
    test(`is not, where there is ${what}`, () => {
      const finding = found(live);
      assert.equal(finding.state, 'wrong');
      assert.match(finding.words, words);
      assert.match(finding.mend ?? '', mend);
    });

  test('is, where the attempt deadline is the timeout to the second', () =>
    assert.doesNotMatch(found({ attemptDeadlineSeconds: 540 }).words, /gives up/));
});

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { stripVTControlCharacters } from 'node:util';
import { addMs } from '../../../../functions/shared/dates.ts';
import type {
  CleanupPlan,
  Journal,
  JournalEntry,
  PlanLine,
} from '../../../../functions/shared/model/cleanup/cleanup.ts';
import { planInWords, plansInWords } from '../../../../scripts/ops/cleanup/plan-words.ts';
import { paceInWords } from '../../../../scripts/ops/cleanup/progress.ts';
import { deletionWatch } from '../../../../scripts/ops/cleanup/watch.ts';

const MADE = new Date('2026-03-31T03:00:00Z');
const NOW = new Date('2026-03-31T05:00:00Z');

function planOf(over: Partial<CleanupPlan> = {}): CleanupPlan {
  return {
    planId: 'plan-1',
    runId: 'run-1',
    createdAt: MADE,
    status: 'proposed',
    policyHash: 'h',
    rootCounts: {},
    tripped: [],
    oddRoots: [],
    considered: 3,
    deletes: 1,
    kept: 2,
    objects: 3,
    bytes: 4_096,
    keptByReason: { young: 1, held: 1 },
    approvedAt: null,
    approvalEndsAt: null,
    appliedAt: null,
    alarmId: null,
    ...over,
  };
}

function lineOf(id: string, over: Partial<PlanLine> = {}): PlanLine {
  return {
    job: `jobs:jobs/${id}`,
    id,
    source: 'jobs',
    project: 'alpha',
    model: 'm',
    state: 'failed',
    uri: `gs://runs/${id}/`,
    decision: 'keep',
    reason: 'young',
    enforced: true,
    because: 'kept until 2026-04-04: younger than 7 days',
    nearest: null,
    eligibleSince: null,
    objects: null,
    bytes: null,
    ...over,
  };
}

const GOING = lineOf('old', {
  decision: 'delete',
  reason: 'eligible',
  objects: 3,
  bytes: 4_096,
  because: 'ended on 2026-03-01, and no rule keeps it',
  nearest: 'kept until 2026-03-08: younger than 7 days',
});
const LINES = [
  GOING,
  lineOf('new'),
  lineOf('stuck', { reason: 'held', because: 'stuck/a is on hold', objects: 2, bytes: 10 }),
];

function told(plan: CleanupPlan, lines: readonly PlanLine[], view: { all?: boolean; width?: number } = {}) {
  return planInWords(plan, lines, { all: false, ...view }).map(stripVTControlCharacters);
}

describe('a plan in words', () => {
  test('has a line for each job, what it comes to, and the command that applies it', () =>
    assert.deepEqual(told(planOf(), LINES), [
      'plan-1  proposed by a dry run, made 2026-03-31 03:00:00Z',
      '',
      'would delete artifacts of 1 job (3 objects, 4.0 KiB), kept 2 (1 young, 1 on hold)',
      '',
      '          JOBS     SIZE  OBJECTS  WHY',
      'DELETE       1  4.0 KiB        3  of project alpha',
      'PRESERVE     1        -        -  young: new',
      'PRESERVE     1     10 B        2  on hold: stuck',
      '',
      '          JOB    PROJECT     SIZE  OBJECTS  WHY',
      'DELETE    old    alpha    4.0 KiB        3  ended on 2026-03-01, and no rule keeps it; nearest rule: kept until 2026-03-08: younger than 7 days',
      '  gs://runs/old/',
      'PRESERVE  new    alpha          -        -  young: kept until 2026-04-04: younger than 7 days',
      '  gs://runs/new/',
      'PRESERVE  stuck  alpha       10 B        2  on hold: stuck/a is on hold',
      '  gs://runs/stuck/',
      '',
      'apply it: npm run -s ops -- cleanup apply plan-1',
    ]));

  test('that a guard holds says so, and how to approve it', () => {
    const tripped = [{ guard: 'new-policy' as const, words: 'no plan was approved\u001b[2J yet' }];
    for (const status of ['proposed', 'waiting'] as const) {
      const lines = told(planOf({ status, tripped }), LINES);
      assert.deepEqual(lines.slice(3, 5), ['waits for approval:', '  ! no plan was approved yet']);
      assert.equal(lines.at(-1), 'approve it: npm run -s ops -- cleanup approve plan-1');
    }
  });

  test('that was let go on, or is over, shows no guard any more', () => {
    const tripped = [{ guard: 'new-policy' as const, words: 'no plan was approved yet' }];
    const ends = { approvalEndsAt: new Date('2026-04-07T03:00:00Z'), appliedAt: NOW };
    const lastOf = (status: CleanupPlan['status']) => told(planOf({ status, tripped, ...ends }), LINES);
    assert.equal(lastOf('approved').at(-1), 'apply it: npm run -s ops -- cleanup apply plan-1');
    assert.match(lastOf('approved')[0] ?? '', /approved until 2026-04-07 03:00:00Z/);
    assert.match(lastOf('approved')[2] ?? '', /^will delete /);
    assert.match(lastOf('applied')[2] ?? '', /^was to delete /);
    assert.match(lastOf('superseded')[2] ?? '', /^would have deleted /);
  });

  test('that deletes nothing has no command', () => {
    const none = planOf({ deletes: 0, objects: 0, bytes: 0, kept: 2 });
    const lines = told(none, LINES.slice(1));
    assert.equal(lines[2], 'would delete artifacts of 0 jobs (0 objects, 0 B), kept 2 (1 young, 1 on hold)');
    assert.equal(lines.at(-1), '');
  });

  test('says of sources that are only observed that nothing of them goes', () => {
    const lines = told(planOf(), [{ ...GOING, enforced: false }]);
    assert.ok(lines.some((line) => /only observed, nothing is deleted; ended on/.test(line)));
    assert.ok(lines.includes('1 job of these of sources in mode observe: nothing of them is deleted'));
  });

  test('groups many kept jobs by reason, rare reasons excepted, unless every one is asked for', () => {
    const young = Array.from({ length: 21 }, (_, index) => lineOf(`y${index}`));
    const lines = [...young, lineOf('stuck', { reason: 'held', because: 'on hold', project: 'beta' })];
    assert.deepEqual(
      told(planOf(), lines).filter((line) => line.startsWith('PRESERVE')),
      [
        'PRESERVE    21     -        -  young: y0, y1, y2 and 18 more',
        'PRESERVE     1     -        -  on hold: stuck',
        'PRESERVE  stuck  beta        -        -  on hold: on hold',
      ],
    );
    const each = told(planOf(), lines, { all: true }).filter((line) => line.startsWith('PRESERVE'));
    assert.equal(each.length, 2 + 22);
  });

  test('neither breaks a line nor steers the terminal, whatever records say', () => {
    const lines = told(planOf(), [lineOf('a\nb\u001b[2J', { project: 'x\r\n', because: 'c\u0007' })]);
    assert.equal(lines.filter((line) => line.startsWith('PRESERVE')).length, 2);
    assert.ok(lines.every((line) => !/\p{Cc}/u.test(line)));
  });

  test('is cut where the terminal ends', () =>
    assert.ok(told(planOf(), LINES, { width: 60 }).some((line) => line.length === 60 && line.endsWith('…'))));
});

test('plans come as a table', () =>
  assert.deepEqual(plansInWords([planOf({ status: 'waiting' })], NOW).map(stripVTControlCharacters), [
    'PLAN    MADE                           JOBS  OBJECTS     SIZE  KEPT  STATUS',
    'plan-1  2026-03-31 03:00:00Z  2 h ago     1        3  4.0 KiB     2  waits for approval',
  ]));

describe('how far a deletion is', () => {
  const entry = (name: string, result: JournalEntry['result'], size = 100): JournalEntry => ({
    name,
    generation: '1',
    size,
    live: true,
    result,
    detail: null,
    restoredAs: null,
  });
  const journal = (id: string, minute: number, entries: JournalEntry[]): Journal => ({
    id,
    runId: 'r',
    planId: 'p',
    job: 'j',
    life: null,
    bucket: 'b',
    entries,
    createdAt: addMs(MADE, minute * 60_000),
    doneAt: entries.every(({ result }) => result) ? NOW : null,
  });

  test('counts what is settled once, and reads again only what may have changed', async () => {
    let stored = [journal('a', 0, [entry('1', 'deleted'), entry('2', 'held')])];
    const asked: (string | undefined)[] = [];
    const poll = deletionWatch('p', {
      ofPlan: async (_, since) => {
        asked.push(since?.toISOString().slice(14, 16));
        return stored.filter(({ createdAt }) => !since || createdAt >= since);
      },
    });
    assert.deepEqual(await poll(), { count: 2, bytes: 100 });
    stored = [...stored, journal('b', 1, [entry('3', null)]), journal('c', 2, [entry('4', 'deleted')])];
    assert.deepEqual(await poll(), { count: 3, bytes: 200 });
    stored = [...stored.slice(0, 1), journal('b', 1, [entry('3', 'deleted', 7)]), ...stored.slice(2)];
    assert.deepEqual(await poll(), { count: 4, bytes: 207 });
    await poll();
    assert.deepEqual(asked, [undefined, '00', '01', '02']);
  });

  test('is told with its pace and the time left, as far as these are known', () => {
    assert.equal(paceInWords({ count: 500, bytes: 2 ** 30 }, 2_000, 12.3), '1.0 GiB, 12/s, 2 min 2 s left');
    assert.equal(paceInWords({ count: 5, bytes: null }, 20, 0.5), '0.5/s, 30 s left');
    assert.equal(paceInWords({ count: 0, bytes: 0 }, 20, 0), '0 B');
    assert.equal(paceInWords({ count: 20, bytes: null }, 20, 4), '4.0/s');
  });
});

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { stripVTControlCharacters } from 'node:util';
import { type Alarm, alarmId, alarmSchema } from '../../../../functions/shared/model/run/alarm.ts';
import { furtherCommand, worstFirst } from '../../../../functions/shared/model/run/alarm-rank.ts';
import { alarmInWords, alarmsInWords } from '../../../../scripts/ops/alarms/alarm-words.ts';
import { utc } from '../../../support/jobs.ts';

const NOW = utc('2026-03-10T12:00');

function alarm(over: Partial<Alarm> = {}): Alarm {
  const about = { subject: 'jobs', kind: 'overdue', brokenAt: utc('2026-03-10T09:00'), ...over } as const;
  return {
    id: alarmId(about),
    message: 'resnet-1 runs for 27 h',
    openedAt: utc('2026-03-10T09:10'),
    closedAt: null,
    closedBecause: null,
    runId: 'sweep-stale-jobs@x',
    ...about,
  };
}

test('worstFirst() puts duties that are not done before what waits for somebody, and the older first', () => {
  const of = (kind: Alarm['kind'], hour: string) => alarm({ kind, brokenAt: utc(`2026-03-10T${hour}:00`) });
  const sorted = worstFirst([
    of('overdue', '01'),
    of('stuck', '09'),
    of('failing', '08'),
    of('conflict', '02'),
  ]);
  assert.deepEqual(
    sorted.map(({ kind }) => kind),
    ['failing', 'stuck', 'conflict', 'overdue'],
  );
});

describe('furtherCommand()', () => {
  const OF_KIND: Record<Alarm['kind'], string> = {
    failing: 'runs jobs',
    stuck: 'runs jobs',
    missed: 'runs jobs',
    'source-failing': 'runs collect-metrics',
    conflict: 'days 2026-03-09',
    guard: 'cleanup plans',
    approval: 'cleanup plans',
    'found-alive': 'jobs --source jobs',
    'double-run': 'jobs --source jobs',
    'backend-unknown': 'sweep --dry-run --source jobs',
    overdue: 'jobs --source jobs',
    'long-running': 'jobs --source jobs',
    stalled: 'jobs --source jobs',
    'sweeper-blind': 'sweep --dry-run',
    'prune-lag': 'runs prune-records',
    'schedule-drift': 'schedules',
  };
  for (const kind of alarmSchema.shape.kind.options)
    test(`of ${kind} is ${OF_KIND[kind]}`, () =>
      assert.equal(
        furtherCommand({ kind, subject: 'jobs', brokenAt: utc('2026-03-10T00:00') }),
        `npm run -s ops -- ${OF_KIND[kind]}`,
      ));
});

describe('alarmInWords()', () => {
  const words = (over: Partial<Alarm>) =>
    alarmInWords(alarm(over), NOW).map(stripVTControlCharacters).join('\n');

  test('offers to mute an open alarm, to unmute a muted one, and neither where it is closed', () => {
    const mute = { until: utc('2026-03-10T20:00'), by: 'ann', reason: 'known', at: NOW };
    assert.match(words({}), /alarms mute \S+ --for 8h --reason TEXT/);
    assert.match(words({ mute }), /Muted +until 2026-03-10 20:00:00Z by ann: known\n[\s\S]*alarms unmute /);
    assert.doesNotMatch(words({ mute, closedAt: NOW, closedBecause: 'over' }), /mute/i);
  });
});

describe('alarmsInWords()', () => {
  const words = (...alarms: Alarm[]) => alarmsInWords(alarms, NOW).map(stripVTControlCharacters);

  test('tells of each what it says, since when, its run, and where to look further', () =>
    assert.deepEqual(words(alarm()), [
      'KIND     SUBJECT  SINCE',
      'overdue  jobs     2026-03-10 09:00:00Z  3 h ago',
      '  resnet-1 runs for 27 h',
      '  jobs:overdue:2026-03-10T09:00:00.000Z',
      '  run sweep-stale-jobs@x',
      '  npm run -s ops -- jobs --source jobs',
    ]));

  test('tells of one that is over when and why, and of no command', () =>
    assert.deepEqual(
      words(alarm({ closedAt: utc('2026-03-10T10:00'), closedBecause: 'it ended', runId: null })),
      [
        'KIND     SUBJECT  SINCE',
        'overdue  jobs     2026-03-10 09:00:00Z  3 h ago  closed 2026-03-10 10:00:00Z',
        '  resnet-1 runs for 27 h',
        '  jobs:overdue:2026-03-10T09:00:00.000Z',
        '  closed because it ended',
      ],
    ));

  const mute = { until: utc('2026-03-10T20:00'), by: 'ann', reason: 'it is known', at: NOW };

  test('marks one that is muted until when, by whom and why', () => {
    const [, row = '', , ...below] = words(alarm({ mute }));
    assert.match(row, /3 h ago {2}muted until 2026-03-10 20:00:00Z$/);
    assert.ok(below.includes('  muted until 2026-03-10 20:00:00Z by ann: it is known'), below.join('\n'));
  });

  test('shows one that was muted as any other once its time is over', () =>
    assert.deepEqual(words(alarm({ mute: { ...mute, until: NOW } })), words(alarm())));

  test('keeps what is stored on one harmless line', () => {
    const lines = words(alarm({ message: '\u001b[2Jgone\nmore' }));
    assert.equal(lines[2], '  gone more');
  });
});

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { MINUTE_MS } from '../../../functions/shared/dates.ts';
import type { Job } from '../../../functions/shared/model/job/job.ts';
import type { Suspect } from '../../../functions/shared/model/job/sweep.ts';
import { isNewlyStale } from '../../../functions/shared/model/job/verdict/guard.ts';
import { verdictOf } from '../../../functions/shared/model/job/verdict/verdict.ts';
import { sightingAfter } from '../../../functions/sweep-stale-jobs/rules/remember.ts';
import { NOTHING_ADDED, unread } from '../../support/jobs.ts';
import {
  ago,
  channelOf,
  inState,
  NOW,
  reporting,
  runningJob,
  sightedSince,
  suspectOf,
  truthOf,
} from '../../support/suspects.ts';

const told = (suspect: Suspect): string => {
  const { kind, rule } = verdictOf(suspect, NOW);
  return `${kind} ${rule}`;
};
/** Of one that last beat 8 minutes ago, and was found dead 3 minutes ago. */
const gone = (over: Parameters<typeof reporting>[0] = {}, ...rest: [] | [object] | [object, object]) =>
  reporting(
    { state: 'gone', aliveAt: ago(8), goneAt: ago(3), ...over },
    { heartbeatAt: ago(8), ...rest[0] },
    { writtenAt: ago(3), ...rest[1] },
  );

describe('an execution that was found dead on its own host', () => {
  test('is proof: lost at once, with host and time, at its last sign of life', () => {
    const verdict = verdictOf(gone(), NOW);
    assert.ok('state' in verdict);
    assert.deepEqual(
      [
        verdict.kind,
        verdict.rule,
        verdict.unconfirmed,
        verdict.endInferred,
        verdict.endedAt,
        verdict.brokenAt,
      ],
      ['lost', 'reporter-gone', false, true, ago(8), ago(3)],
    );
    assert.equal(
      verdict.because,
      'a reporter on its host gpu-7 found its execution one dead 2026-03-09 11:57:00 UTC: nobody is left to tell how it ended',
    );
  });

  test('also while no report of the source arrives, and while its backend cannot tell or knows it no more', () => {
    assert.equal(told(gone({}, {}, { channel: channelOf(300) })), 'lost reporter-gone');
    for (const state of ['unknown', 'gone'] as const)
      assert.equal(told(gone({}, {}, { truth: truthOf(state) })), 'lost reporter-gone', state);
  });

  test('ends the job in the same sweep as its execution, and not while another one is active', () => {
    const executions = (...others: Partial<Job>[]) =>
      [{ added: gone().job.added }, ...others].map((over) => ({
        ...runningJob({ heartbeatAt: ago(8), ...over }),
        writtenAt: ago(3),
      }));
    assert.equal(told(gone({}, {}, { executions: executions() })), 'lost reporter-gone');
    assert.equal(told(gone({}, {}, { executions: executions({}) })), 'keep execution-active');
  });

  const NOT: [what: string, suspect: Suspect, is: string][] = [
    ['its backend says that it runs', gone({}, {}, { truth: truthOf('running') }), 'keep backend-running'],
    [
      'its backend says how it ended',
      gone({}, {}, { truth: truthOf('failed', { endedAt: ago(7) }) }),
      'fail backend-ended',
    ],
    ['it reported after that', gone({ aliveAt: ago(2) }), 'keep beating'],
    [
      'its record was written since, by whoever may have begun another try in another zone',
      gone(
        { aliveAt: ago(30), goneAt: ago(20), receivedAt: ago(20) },
        { startedAt: ago(120), heartbeatAt: ago(30) },
        { writtenAt: ago(2) },
      ),
      'unknown still-written',
    ],
    ['its heart beat after that', gone({}, { heartbeatAt: ago(2) }, { writtenAt: ago(2) }), 'keep beating'],
    [
      'another try began after that',
      gone({}, { startedAt: ago(2) }, { writtenAt: ago(2) }),
      'keep not-beating-yet',
    ],
    [
      'its heartbeat moved long after that, by another clock',
      gone({ goneAt: ago(7) }, {}, { sighting: sightedSince(1, { movedAt: ago(1) }) }),
      'keep beating',
    ],
    ['it is suspended', gone({}, inState('suspended')), 'keep suspended'],
    ['it never had a host', gone({ host: null }), 'keep beating'],
    ['that is to come', gone({ goneAt: ago(-30) }), 'keep beating'],
  ];
  for (const [what, suspect, is] of NOT)
    test(`ends nothing where ${what}`, () => assert.equal(told(suspect), is));
});

describe('a report', () => {
  test('is a sign of life beside the heartbeat: the newer counts', () => {
    assert.equal(told(reporting({}, { heartbeatAt: ago(60) })), 'keep beating');
    assert.equal(told(reporting({ aliveAt: ago(60) }, { heartbeatAt: ago(1) })), 'keep beating');
    assert.equal(told(reporting({}, { heartbeatAt: null })), 'keep beating');
    const silent = { aliveAt: ago(60), receivedAt: ago(60) };
    assert.equal(told(reporting(silent, { heartbeatAt: ago(60) })), 'lost silent');
  });

  test('dates the end of a lost job', () => {
    const verdict = verdictOf(
      reporting({ aliveAt: ago(40), receivedAt: ago(40) }, { heartbeatAt: ago(60) }),
      NOW,
    );
    assert.deepEqual('state' in verdict && verdict.endedAt, ago(40));
    assert.match(verdict.because, /^no report for 40 min/);
  });

  test('keeps a job without heartbeats past its longest runtime, as overdue; without it, that is lost', () => {
    const old = { startedAt: ago(25 * 60), createdAt: ago(25 * 60), heartbeatAt: null };
    const mute = { hasHeartbeat: false, writtenAt: ago(1) };
    const verdict = verdictOf(reporting({}, old, mute), NOW);
    assert.deepEqual([verdict.rule, 'overdue' in verdict && verdict.overdue], ['reporting', true]);
    assert.equal(told(reporting({ aliveAt: ago(60) }, old, mute)), 'lost max-runtime');
    assert.equal(told(suspectOf(old, mute)), 'lost max-runtime');
  });

  test('keeps a job that its backend knows no more', () => {
    const truth = truthOf('gone');
    const sighting = sightedSince(30, { goneSince: ago(30) });
    const mute = { hasHeartbeat: false, truth, sighting };
    assert.equal(told(reporting({}, { heartbeatAt: null }, mute)), 'unknown gone-but-alive');
    assert.equal(told(suspectOf({ heartbeatAt: null }, mute)), 'lost gone');
  });

  test('is of our clock: beside it, a heartbeat of another zone puts nothing in doubt', () => {
    const zoned = { heartbeatAt: ago(8 * 60), startedAt: ago(9 * 60) };
    assert.equal(told(suspectOf(zoned, { writtenAt: ago(0.1) })), 'unknown clock-off');
    assert.equal(told(reporting({}, zoned, { writtenAt: ago(0.1) })), 'keep beating');
  });

  test('that comes late is no life, nor a wrong clock', () => {
    const late = reporting({ aliveAt: ago(120) }, { heartbeatAt: ago(120) }, { writtenAt: ago(1) });
    assert.equal(told(late), 'unknown still-written');
  });

  test('of an earlier try is none of this one', () => {
    const job = { startedAt: ago(60), heartbeatAt: null };
    assert.equal(told(reporting({ aliveAt: ago(61) }, job, { writtenAt: ago(60) })), 'lost no-heartbeat');
  });

  test('that nobody can read may be one: nothing is ended', () => {
    const verdict = verdictOf(suspectOf({ heartbeatAt: ago(60), unreadable: [unread('report')] }), NOW);
    assert.deepEqual([verdict.kind, verdict.rule], ['unknown', 'unreadable']);
    assert.match(verdict.because, /^its report cannot be read/);
  });
});

describe('a source of which no report arrives', () => {
  const silent = { aliveAt: ago(40), receivedAt: ago(40) };
  const of = (channel: Suspect['channel'], over: Partial<Suspect> = {}) =>
    reporting(silent, { heartbeatAt: ago(40) }, { channel, ...over });

  test('ends no job that reported, for its silence proves nothing', () => {
    assert.equal(told(of(null)), 'lost silent', 'it takes no reports any more');
    assert.equal(told(of(channelOf(1))), 'lost silent', 'others report');
    assert.equal(told(of(channelOf(9))), 'lost silent', 'within staleAfter');
    const verdict = verdictOf(of(channelOf(39)), NOW);
    assert.deepEqual([verdict.kind, verdict.rule], ['unknown', 'channel-silent']);
    assert.match(
      verdict.because,
      /^no report for 40 min .*; but no report of its source has come for 39 min \(since 2026-03-09 11:21:00 UTC\): its silence proves nothing$/,
    );
  });

  test('for which what a job received stands where the record of it is gone; what cannot be read proves nothing', () => {
    const none = { record: null, waiting: null, unreadable: null };
    assert.equal(told(of(none)), 'unknown channel-silent');
    const never = suspectOf({ heartbeatAt: ago(40) }, { channel: none });
    assert.equal(told(never), 'lost silent', 'it never had an accepted report');
    const unreadable = { record: null, waiting: null, unreadable: 'Cannot read reportChannels/jobs' };
    assert.equal(
      told(suspectOf({ heartbeatAt: ago(40) }, { channel: unreadable })),
      'unknown channel-silent',
    );
  });

  test('whose backend knows it no more, too, and below it its executions', () => {
    const sighting = sightedSince(30, { goneSince: ago(30) });
    assert.equal(told(of(channelOf(39), { truth: truthOf('gone'), sighting })), 'unknown channel-silent');
    const parent = runningJob({ added: { ...NOTHING_ADDED, report: of(null).job.added.report } });
    const execution = suspectOf({ heartbeatAt: ago(40) }, { parent, channel: channelOf(39) });
    assert.equal(told(execution), 'unknown channel-silent');
  });

  test('judges a job that never reported as before, unless it began since and may have tried, for a day', () => {
    const never = (began: number, channel: number, sighting: Suspect['sighting'] = null) =>
      told(
        suspectOf(
          { startedAt: ago(began), createdAt: ago(began), heartbeatAt: null },
          { channel: channelOf(channel), sighting },
        ),
      );
    assert.equal(never(300, 200), 'lost no-heartbeat');
    assert.equal(never(211, 200), 'lost no-heartbeat');
    assert.equal(never(209, 200), 'unknown channel-silent');
    assert.equal(never(199, 200), 'unknown channel-silent');
    assert.equal(never(23 * 60, 23 * 60 + 1), 'unknown channel-silent');
    assert.equal(never(23 * 60, 24 * 60 + 1), 'lost no-heartbeat');
    // Reports came between two silences, so briefly that no sweep saw it: it may have missed that.
    const silentBefore = sightedSince(210, { channelSilent: true });
    assert.equal(never(300, 200, silentBefore), 'unknown channel-silent');
    assert.equal(never(300, 200, sightedSince(210)), 'lost no-heartbeat');
    assert.equal(never(26 * 60, 24 * 60 + 1, silentBefore), 'lost no-heartbeat');
  });

  test('but what does not rest on silence is concluded: a backend, a person, the end of its job', () => {
    const truth = truthOf('failed', { endedAt: ago(39) });
    assert.equal(told(of(channelOf(39), { truth })), 'fail backend-ended');
  });

  test('and of whose jobs none is left that would report, is only quiet', () => {
    const quiet = { ...channelOf(39), waiting: 0 };
    assert.equal(told(of(quiet)), 'lost silent');
    const began = { startedAt: ago(38), createdAt: ago(38), heartbeatAt: null };
    assert.equal(told(suspectOf(began, { channel: quiet })), 'lost no-heartbeat');
  });

  test('has to be looked at anew once reports come again', () => {
    const foundSince = (sighting: Suspect['sighting']) => {
      const verdict = verdictOf(of(channelOf(1), { sighting }), NOW);
      return 'foundSince' in verdict && verdict.foundSince;
    };
    assert.deepEqual(foundSince(sightedSince(30)), ago(30));
    assert.equal(foundSince(sightedSince(30, { channelSilent: true })), null);
  });
});

test('a sweep remembers that nothing arrived, also of one that is not silent yet, and then looks anew', () => {
  const after = (suspect: Suspect) =>
    sightingAfter('jobs/x', { suspect, verdict: verdictOf(suspect, NOW) }, NOW);
  const cutOff = (minutes: number) => {
    const at = { aliveAt: ago(minutes), receivedAt: ago(minutes) };
    return reporting(
      at,
      { heartbeatAt: ago(minutes) },
      { channel: channelOf(11), sighting: sightedSince(30) },
    );
  };
  assert.deepEqual(
    [after(cutOff(40)), after(cutOff(12))].map(({ channelSilent }) => channelSilent),
    [true, true],
  );
  const before = sightedSince(30, { channelSilent: true });
  const heard = after({ ...cutOff(40), channel: channelOf(1), sighting: before });
  assert.deepEqual([heard.channelSilent, heard.stillSince], [undefined, NOW]);
});

describe('a job that lives and does not get on', () => {
  const limits = { ...suspectOf({}).limits, stalledAfterMs: 30 * MINUTE_MS };
  const stalled = (suspect: Suspect) => {
    const verdict = verdictOf(suspect, NOW);
    return 'stalled' in verdict && verdict.stalled;
  };

  test('is told once its progress is the same for longer than its limit, and is never ended', () => {
    const progress = { fraction: 0.4, step: 512, of: null, note: null };
    const verdict = verdictOf(reporting({ progressAt: ago(31), progress }, {}, { limits }), NOW);
    assert.deepEqual(
      [verdict.kind, 'stalled' in verdict && verdict.stalled, verdict.brokenAt],
      ['keep', true, ago(1)],
    );
    assert.match(
      verdict.because,
      /; its progress is the same at step 512 for 31 min, at most 30 min allowed$/,
    );
    const clock = { sweptAt: ago(10), now: NOW, intervalMs: 10 * MINUTE_MS };
    assert.equal(isNewlyStale(verdict, clock), false, 'it has not fallen silent');
  });

  test('not within the limit, without one, without progress, silent, waiting, or in another try', () => {
    assert.equal(stalled(reporting({ progressAt: ago(29) }, {}, { limits })), false);
    assert.equal(stalled(reporting({ progressAt: ago(31) })), false);
    assert.equal(stalled(reporting({}, {}, { limits })), false);
    const dead = reporting({ progressAt: ago(60), aliveAt: ago(16) }, { heartbeatAt: ago(16) }, { limits });
    assert.equal(stalled(dead), false);
    assert.equal(stalled(reporting({ progressAt: ago(31) }, inState('suspended'), { limits })), false);
    assert.equal(stalled(reporting({ progressAt: ago(31) }, { startedAt: ago(30) }, { limits })), false);
  });
});

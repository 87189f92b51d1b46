import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { MINUTE_MS } from '../../../functions/shared/dates.ts';
import type { Truth } from '../../../functions/shared/model/job/backend.ts';
import type { Job } from '../../../functions/shared/model/job/job.ts';
import type { Execution, Suspect, Verdict } from '../../../functions/shared/model/job/sweep.ts';
import { isHeld } from '../../../functions/shared/model/job/verdict/guard.ts';
import { verdictOf } from '../../../functions/shared/model/job/verdict/verdict.ts';
import { NOTHING_ADDED, unread } from '../../support/jobs.ts';
import {
  ago,
  channelOf,
  inState,
  NOW,
  reportOf,
  runningJob,
  sightedSince,
  suspectOf,
  truthOf,
} from '../../support/suspects.ts';

function execution(id: string, over: Partial<Job>): Execution {
  const job = runningJob({ id, heartbeatAt: null, ...over });
  return { ...job, writtenAt: job.endedAt ?? job.heartbeatAt ?? job.startedAt ?? ago(180) };
}

/** An execution that ended so many minutes ago, after an hour. */
function over(id: string, state: Job['state'], minutes: number): Execution {
  return execution(id, { ...inState(state), startedAt: ago(minutes + 60), endedAt: ago(minutes) });
}

const SILENT = { heartbeatAt: ago(47) };

describe('verdictOf() a job with executions', () => {
  const judge = (executions: Execution[], more: Partial<Suspect> = {}, job: Partial<Job> = SILENT): Verdict =>
    verdictOf(suspectOf(job, { executions, ...more }), NOW);

  test('keeps it while one is active, however silent, and whatever its backend says of it', () => {
    const executions = [over('2', 'failed', 60), execution('1', { heartbeatAt: ago(300) })];
    for (const truth of [null, truthOf('failed'), truthOf('gone')])
      assert.equal(
        judge(executions, { truth, sighting: sightedSince(60, { goneSince: ago(60) }) }).rule,
        'execution-active',
      );
    assert.equal(judge([execution('1', inState('queued'))]).rule, 'execution-active');
  });

  test('cannot tell while nobody mapped the status of one', () =>
    assert.equal(
      judge([over('2', 'failed', 60), execution('1', inState('unknown'))]).rule,
      'unmapped-execution',
    ));

  for (const [state, kind] of [
    ['completed', 'finish'],
    ['failed', 'fail'],
    ['cancelled', 'finish'],
  ] as const)
    test(`follows the newest when it is ${state} and all are silent`, () => {
      const sighting = sightedSince(30);
      const verdict = judge([over('2', state, 40), over('1', 'failed', 110)], { sighting });
      assert.ok('state' in verdict, verdict.because);
      assert.deepEqual(
        [verdict.kind, verdict.rule, verdict.state, verdict.endedAt, verdict.endInferred],
        [kind, 'executions-ended', state, ago(40), true],
      );
      assert.deepEqual([verdict.unconfirmed, verdict.foundSince], [true, ago(30)]);
      assert.deepEqual(verdict.brokenAt, ago(25), 'silent since the newest ended');
    });

  test('keeps it as long as another may follow', () => {
    assert.equal(judge([over('1', 'failed', 15)]).rule, 'execution-recent');
    assert.equal(judge([over('1', 'failed', 15.1)]).rule, 'executions-ended');
    assert.equal(judge([over('1', 'failed', 40)], {}, { heartbeatAt: ago(2) }).rule, 'execution-recent');
  });

  test('asks its backend first', () => {
    const executions = [over('1', 'completed', 40)];
    assert.equal(judge(executions, { truth: truthOf('running') }).rule, 'backend-running');
    assert.equal(judge(executions, { truth: truthOf('unknown') }).rule, 'backend-unknown');
    assert.equal(judge(executions, { truth: truthOf('failed') }).rule, 'backend-ended');
  });

  test('follows them where its backend knows it no more, once that is believed', () => {
    const executions = [over('1', 'completed', 40)];
    const gone = (over: Partial<Truth> = {}, sighting: Suspect['sighting'] = null) =>
      judge(executions, { truth: truthOf('gone', over), sighting });
    const twice = sightedSince(60, { goneSince: ago(20) });
    assert.equal(gone().rule, 'gone-once');
    assert.equal(gone({ placed: 'guessed' }, twice).rule, 'gone-unplaced');
    const verdict = gone({}, twice);
    assert.deepEqual(
      'state' in verdict && [verdict.rule, verdict.state, verdict.endedAt, verdict.foundSince],
      ['executions-ended', 'completed', ago(40), ago(20)],
    );
  });

  test('tests its silence as that of a job without executions', () => {
    const retried = [over('1', 'failed', 40)];
    const behind = judge(retried, { writtenAt: ago(0) }, { heartbeatAt: ago(70) });
    assert.deepEqual([behind.kind, behind.rule], ['unknown', 'clock-off']);
    const rewritten = judge(retried, { writtenAt: ago(0) }, { heartbeatAt: ago(17) });
    assert.deepEqual([rewritten.kind, rewritten.rule], ['unknown', 'still-written']);
    const { stillSince: _, ...moved } = sightedSince(0);
    assert.equal(judge(retried, { sighting: moved }).rule, 'still-written', 'written since the last sweep');
    const last = judge(retried, { writtenAt: ago(20) }, { heartbeatAt: ago(60) });
    assert.deepEqual([last.rule, last.brokenAt], ['executions-ended', ago(5)]);
  });

  test('has fallen silent anew where an end of theirs was written, however long ago that end was', () => {
    const late = { ...over('1', 'failed', 40), writtenAt: ago(3) };
    const verdict = judge([late], { sighting: sightedSince(60) });
    assert.deepEqual([verdict.rule, verdict.brokenAt], ['executions-ended', ago(3)]);
    const clock = { sweptAt: ago(10), now: NOW, intervalMs: 10 * MINUTE_MS };
    assert.equal(isHeld(verdict, clock, null), true);
    assert.equal(
      isHeld(judge([over('1', 'failed', 40)], { sighting: sightedSince(60) }), clock, null),
      false,
    );
  });

  test('is left to a person where a sweep ended this very try before', () => {
    const nobody = { backend: null, askedAt: null, said: null, by: null };
    const evidence = { verdict: 'fail', rule: 'executions-ended', because: '', was: 'running' } as const;
    const before = { ...evidence, ...nobody, runId: 'r', fields: [], foundAt: ago(90) };
    const added = { ...NOTHING_ADDED, evidence: before };
    const verdict = judge([over('1', 'failed', 40)], { sighting: sightedSince(30) }, { ...SILENT, added });
    assert.deepEqual([verdict.kind, verdict.rule], ['unknown', 'came-back']);
  });

  test('is kept while no report of its source arrives', () => {
    const added = { ...NOTHING_ADDED, report: reportOf({ aliveAt: ago(47), receivedAt: ago(47) }) };
    const of = (minutes: number) =>
      judge([over('1', 'failed', 40)], { channel: channelOf(minutes) }, { ...SILENT, added });
    assert.deepEqual([of(39).kind, of(39).rule], ['unknown', 'channel-silent']);
    assert.equal(of(1).rule, 'executions-ended');
  });

  test('does not follow one from before its last start', () => {
    const restarted = { startedAt: ago(30), heartbeatAt: ago(20) };
    const verdict = judge([over('1', 'completed', 31)], {}, restarted);
    assert.deepEqual([verdict.kind, verdict.rule], ['lost', 'silent']);
    assert.equal(judge([], {}).rule, 'silent');
  });

  test('says that its end is inferred, for another execution may have followed, and when the last one was seen', () => {
    const endless = { ...over('1', 'failed', 40), endedAt: null };
    const verdicts = [judge([over('1', 'failed', 40)]), judge([endless])];
    assert.deepEqual(
      verdicts.map((it) => 'state' in it && [it.endInferred, it.endedAt, it.error]),
      [
        [true, ago(40), 'Execution 1 failed'],
        [true, ago(100), 'Execution 1 failed'],
      ],
    );
  });
});

/** A job that neither beats nor is written any more. */
const QUIET = { heartbeatAt: ago(47), writtenAt: ago(47) };

describe('verdictOf() an execution', () => {
  const parent = runningJob({ id: 'parent', ...inState('completed'), endedAt: ago(60) });
  const judge = (job: Partial<Job>, more: Partial<Suspect> = {}): Verdict =>
    verdictOf(suspectOf(job, { parent, ...more }), NOW);

  test('ends by itself with its job', () => {
    const verdict = judge(SILENT);
    assert.ok('state' in verdict, verdict.because);
    assert.deepEqual(
      [verdict.kind, verdict.rule, verdict.state, verdict.endedAt, verdict.endInferred, verdict.unconfirmed],
      ['lost', 'job-ended', 'failed', ago(60), true, false],
    );
    assert.deepEqual(verdict.brokenAt, ago(32), 'when it was silent, too');
  });

  test('is of a job that was begun again where it began after that end, or was queued then', () => {
    for (const begun of [
      { startedAt: ago(58) },
      { startedAt: null, createdAt: ago(58) },
      { ...inState('queued'), startedAt: null, createdAt: ago(58) },
    ])
      assert.notEqual(judge({ heartbeatAt: null, ...begun }, { writtenAt: ago(50) }).rule, 'job-ended');
    const before = judge({ startedAt: ago(62), heartbeatAt: null }, { writtenAt: ago(50) });
    assert.equal(before.rule, 'job-ended');
  });

  test('has the grace after the end of its job', () => {
    const just = runningJob({ ...inState('failed'), endedAt: ago(5) });
    assert.equal(judge(SILENT, { parent: just }).rule, 'job-just-ended');
    assert.equal(judge(SILENT, { parent: { ...just, endedAt: ago(5.1) } }).rule, 'job-ended');
  });

  test('goes on while it beats', () => assert.equal(judge({}).rule, 'outlives-job'));

  test('follows its backend before its job', () => {
    for (const [state, rule] of [
      ['running', 'backend-running'],
      ['unknown', 'backend-unknown'],
      ['failed', 'backend-ended'],
      ['gone', 'job-ended'],
    ] as const)
      assert.equal(judge(SILENT, { truth: truthOf(state) }).rule, rule);
  });

  describe('without a name of its own at the backend, past its longest runtime and silent', () => {
    const LONG = { heartbeatAt: null, startedAt: ago(30 * 60), createdAt: null, backendId: null };
    const going = runningJob({ id: 'parent', backendId: '7', ...QUIET });
    const of = (jobTruth: Suspect['jobTruth'], more: Partial<Suspect> = {}) =>
      judge(LONG, { parent: going, hasHeartbeat: false, jobTruth, ...more });

    test('goes on while its job does there', () => {
      for (const state of ['running', 'queued', 'suspended'] as const) {
        const verdict = of(truthOf(state));
        assert.deepEqual([verdict.kind, verdict.rule], ['keep', 'job-goes-on']);
        assert.match(verdict.because, new RegExp(`of its job parent Vertex AI says ${state}`));
      }
      assert.equal(
        of(truthOf('running'), { parent }).rule,
        'job-goes-on',
        'whatever the record of its job says',
      );
      assert.deepEqual(
        [truthOf('running'), truthOf('suspended')].map((it) => 'overdue' in of(it) && of(it).brokenAt),
        [ago(6 * 60), null],
      );
    });

    test('is of no certain fate while nobody can tell about its job', () => {
      const misplaced = truthOf('gone', { placed: 'guessed' });
      for (const truth of [truthOf('unknown'), misplaced]) {
        assert.deepEqual([of(truth).kind, of(truth).rule], ['unknown', 'job-unknown']);
        assert.equal(of(truth, { parent }).rule, 'job-ended', 'but where the record of its job tells');
      }
      assert.equal(of(misplaced, { backendKnown: true }).rule, 'max-runtime');
    });

    test('is judged by itself once its job has ended there, or is gone, or has no name there either', () => {
      for (const truth of [null, truthOf('completed'), truthOf('gone')])
        assert.equal(of(truth).rule, 'max-runtime');
    });

    test('is unknown where nobody can read the name of its job', () => {
      const unnamed = runningJob({
        ...going,
        backendId: null,
        unreadable: [unread('backendId')],
      });
      assert.equal(of(null, { parent: unnamed }).rule, 'unreadable');
      assert.equal(of(null, { parent: unnamed, vital: ['status'] }).rule, 'max-runtime');
    });
  });

  test('is judged like a job while its job goes on, is of no known state, or has no end', () => {
    for (const state of ['running', 'queued', 'unknown'] as const)
      assert.equal(judge(SILENT, { parent: runningJob({ ...inState(state), ...QUIET }) }).rule, 'silent');
    const again = { ...parent, ...inState('running'), ...QUIET };
    assert.equal(judge(SILENT, { parent: again }).rule, 'silent', 'its end is of a try before');
    assert.equal(judge(SILENT, { parent: { ...parent, endedAt: null } }).rule, 'silent');
    assert.equal(judge(SILENT, { parent: { ...parent, endedAt: ago(-60) } }).rule, 'silent');
    assert.equal(
      judge({}, { parent: { ...parent, endedAt: null }, hasHeartbeat: false }).rule,
      'within-max-runtime',
    );
  });

  describe('whose job has not ended', () => {
    const OLD = { heartbeatAt: null, startedAt: ago(25 * 60), createdAt: null };
    const old = (above: Partial<Job>, more: Partial<Suspect> = {}) =>
      judge(OLD, { parent: runningJob({ id: 'parent', ...QUIET, ...above }), hasHeartbeat: false, ...more });

    test('is not ended for its age or its silence while that beats or reports', () => {
      const { kind, rule, because } = old({ heartbeatAt: ago(1), writtenAt: ago(1) });
      assert.deepEqual([kind, rule], ['keep', 'job-beats']);
      assert.match(because, /^it started .*; but its job parent beat 1 min ago; it runs for 25 h, /);
      const silent = judge(SILENT, { parent: runningJob({ writtenAt: ago(1) }) });
      assert.equal(silent.rule, 'job-beats');
      const added = { ...NOTHING_ADDED, report: reportOf() };
      assert.equal(old({ added, writtenAt: ago(1) }).rule, 'job-beats');
      assert.equal(old({}).rule, 'max-runtime');
    });

    test('nor while that is suspended, however long, and not overdue then', () => {
      const verdict = old(inState('suspended'));
      assert.deepEqual(
        [verdict.kind, verdict.rule, 'overdue' in verdict && verdict.overdue],
        ['keep', 'job-suspended', false],
      );
    });

    test('nor while that may live: something has just written it, or a sign of its life cannot be read', () => {
      assert.equal(old({ writtenAt: ago(15) }).rule, 'job-still-written', 'as one that was resumed');
      assert.equal(
        old({ heartbeatAt: ago(120), writtenAt: ago(0) }).rule,
        'job-still-written',
        'a wrong clock',
      );
      assert.equal(old({ writtenAt: null }).rule, 'job-still-written', 'nobody knows when');
      for (const field of ['status', 'heartbeatAt', 'report'] as const)
        assert.equal(old({ unreadable: [unread(field)] }).rule, 'job-unreadable', field);
    });

    test('breaks its limit no earlier than that does', () => {
      const verdict = old({ heartbeatAt: ago(16), writtenAt: ago(16) }, { sighting: sightedSince(60) });
      assert.deepEqual([verdict.rule, verdict.brokenAt], ['max-runtime', ago(1)]);
      assert.deepEqual(old({}).brokenAt, ago(32));
      assert.deepEqual(old({ heartbeatAt: ago(200), writtenAt: ago(200) }).brokenAt, ago(60));
    });

    test('is ended on the word of a backend about itself, or that its job has ended since that beat', () => {
      const beats = { heartbeatAt: ago(1), writtenAt: ago(1) };
      const twice = { sighting: sightedSince(60, { goneSince: ago(60) }) };
      assert.equal(old(beats, { truth: truthOf('gone'), ...twice }).rule, 'gone');
      assert.equal(old(beats, { jobTruth: truthOf('completed') }).rule, 'job-beats', 'another try beats');
      const over = truthOf('completed', { endedAt: ago(1) });
      assert.equal(old(beats, { jobTruth: over }).rule, 'max-runtime');
    });
  });

  test('is judged like a job when it began after the end of its job, which may be begun again', () => {
    const began = { startedAt: ago(50), heartbeatAt: null };
    assert.equal(judge(began, { hasHeartbeat: false }).rule, 'within-max-runtime');
  });
});

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { HOUR_MS, MINUTE_MS } from '../../../functions/shared/dates.ts';
import { TERMINAL_STATES } from '../../../functions/shared/model/job/states.ts';
import { endedByHand, verdictOf } from '../../../functions/shared/model/job/verdict/verdict.ts';
import { unread } from '../../support/jobs.ts';
import { ago, inState, NOW, suspectOf, truthOf } from '../../support/suspects.ts';

const DEFAULT = suspectOf({}).limits;
const SILENT = { heartbeatAt: ago(47) };

describe('endedByHand()', () => {
  const reason = 'the node is gone';

  test('ends at the last sign of life, in the words of the person', () => {
    const verdict = endedByHand(suspectOf(SILENT), { end: 'failed', reason }, NOW);
    assert.deepEqual(verdict, {
      kind: 'fail',
      rule: 'operator',
      because: reason,
      state: 'failed',
      error: `Ended by hand: ${reason}`,
      brokenAt: ago(32),
      endedAt: ago(47),
      endInferred: true,
      unconfirmed: false,
      foundSince: null,
    });
  });

  test('takes the end from a backend that knows it, and says what that said', () => {
    const it = suspectOf(SILENT, { truth: truthOf('cancelled') });
    const verdict = endedByHand(it, { end: 'completed', reason }, NOW);
    assert.deepEqual(verdict, {
      kind: 'finish',
      rule: 'operator',
      because: `${reason} (Vertex AI says cancelled)`,
      state: 'completed',
      error: null,
      brokenAt: ago(32),
      endedAt: ago(40),
      endInferred: false,
      unconfirmed: false,
      foundSince: null,
    });
  });

  for (const [what, job, truth] of [
    ['of a try before', { startedAt: ago(30), heartbeatAt: ago(20) }, truthOf('failed')],
    ['that has not come yet', { heartbeatAt: ago(20) }, truthOf('failed', { endedAt: ago(-60) })],
    ['from one that says running', { heartbeatAt: ago(20) }, truthOf('running', { endedAt: ago(40) })],
  ] as const)
    test(`takes no end ${what}`, () => {
      const verdict = endedByHand(suspectOf(job, { truth }), { end: 'cancelled', reason }, NOW);
      assert.deepEqual('state' in verdict && [verdict.endedAt, verdict.endInferred], [ago(20), true]);
    });

  test('ends now at the latest, and breaks no limit that there is not', () => {
    const ahead = endedByHand(suspectOf({ heartbeatAt: ago(-3) }), { end: 'failed', reason }, NOW);
    const mute = endedByHand(suspectOf({}, { hasHeartbeat: false }), { end: 'failed', reason }, NOW);
    assert.deepEqual('state' in ahead && [ahead.endedAt, ahead.brokenAt], [NOW, null]);
    assert.deepEqual('state' in mute && [mute.endedAt, mute.brokenAt], [ago(180), null]);
  });

  for (const state of [...TERMINAL_STATES, 'unknown'] as const)
    test(`refuses a job that is ${state}`, () =>
      assert.throws(
        () => endedByHand(suspectOf(inState(state)), { end: 'failed', reason }, NOW),
        /^Error: Cannot end/,
      ));
});

describe('limits', () => {
  test('are those of the job', () => {
    const limits = { ...DEFAULT, staleAfterMs: 40 * MINUTE_MS, maxRuntimeMs: HOUR_MS };
    assert.equal(verdictOf(suspectOf({ heartbeatAt: ago(44) }, { limits }), NOW).rule, 'beating');
    assert.equal(verdictOf(suspectOf({ heartbeatAt: ago(46) }, { limits }), NOW).rule, 'silent');
    assert.equal(
      verdictOf(suspectOf({}, { limits, hasHeartbeat: false, writtenAt: ago(180) }), NOW).rule,
      'max-runtime',
    );
  });
});

test('a job that its backend sees run is kept although nobody can read a time of it, and that is named', () => {
  const suspect = suspectOf(
    { heartbeatAt: null, unreadable: [unread('heartbeatAt')] },
    { truth: truthOf('running') },
  );
  const { kind, rule, because } = verdictOf(suspect, NOW);
  assert.deepEqual([kind, rule], ['keep', 'backend-running']);
  assert.match(because, /; but its heartbeatAt cannot be read/);
});

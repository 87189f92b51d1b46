import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { MINUTE_MS } from '../../../../functions/shared/dates.ts';
import type { Truth } from '../../../../functions/shared/model/job/backend.ts';
import { evidenceSchema } from '../../../../functions/shared/model/job/evidence.ts';
import { JOB_STATES } from '../../../../functions/shared/model/job/states.ts';
import { conclusionAt } from '../../../../functions/shared/model/job/verdict/taken-back.ts';
import { jobAnswerSchema } from '../../../../functions/status/api/job-schemas.ts';
import { isOff } from '../../../../functions/status/rules/is-off.ts';
import { jobAnswer } from '../../../../functions/status/rules/job-answer.ts';
import { seededRandom, sized } from '../../../support/soak.ts';
import {
  ago,
  channelOf,
  inState,
  NOW,
  reporting,
  reportOf,
  runningJob,
  suspectOf,
} from '../../../support/suspects.ts';

const BACKEND = { kind: 'vertex-ai', name: 'Vertex AI' };

function truthOf(state: Truth['state'], over: Partial<Truth> = {}): Truth {
  const ended = state === 'completed' || state === 'failed' || state === 'cancelled';
  return {
    state,
    startedAt: ago(180),
    endedAt: ended ? ago(20) : null,
    unreadable: null,
    placed: 'named',
    error: null,
    askedAt: NOW,
    said: `Vertex AI says ${state}`,
    ...over,
  };
}

function answerOf(...given: Parameters<typeof suspectOf>) {
  const suspect = suspectOf(...given);
  return jobAnswer(suspect, conclusionAt(NOW)(suspect), BACKEND, NOW);
}

describe('the record of a job beside what is true', () => {
  for (const [what, job, truth, shown, agrees] of [
    ['runs and its backend says so', {}, truthOf('running'), 'running', true],
    [
      'is silent, and its backend knows that it ended',
      { heartbeatAt: ago(21) },
      truthOf('failed'),
      'failed',
      false,
    ],
    ['is silent, and nobody can tell', { heartbeatAt: ago(60) }, truthOf('unknown'), 'unknown', false],
    ['beats, and its backend cannot tell', {}, truthOf('unknown'), 'running', true],
    ['beats, and its backend knows no such job', {}, truthOf('gone'), 'unknown', false],
    ['waits, and its backend says that it runs', inState('queued'), truthOf('running'), 'running', false],
    ['has ended', { ...inState('completed'), endedAt: ago(5) }, truthOf('failed'), 'completed', true],
  ] as const)
    test(`of one that ${what}: ${shown}, which ${agrees ? 'agrees' : 'differs'}`, () => {
      const answer = answerOf(job, { truth });
      assert.deepEqual([answer.shown, answer.agrees], [shown, agrees], answer.because);
      assert.equal(answer.because.startsWith('the record says '), !agrees);
    });

  test('is of the schema, and has the verdict of a sweep, of any job', (t) => {
    const random = seededRandom((message) => t.diagnostic(message));
    const one = <T>(of: readonly T[]) => of[Math.floor(random() * of.length)] as T;
    const time = () => one([null, ago(random() * 3_000), ago(random() * 30), ago(-random() * 300)]);
    for (let nth = 0; nth < sized(2_000, 10_000); nth += 1) {
      const truth = one([null, truthOf(one([...JOB_STATES, 'gone', 'unknown']), { endedAt: time() })]);
      const job = {
        ...inState(one([...JOB_STATES, 'unknown'])),
        startedAt: time(),
        heartbeatAt: time(),
        endedAt: time(),
      };
      const suspect = suspectOf(job, { truth, backendKnown: random() < 0.5 });
      const verdict = conclusionAt(NOW)(suspect);
      const answer = jobAnswerSchema.parse(jobAnswer(suspect, verdict, BACKEND, NOW));
      assert.deepEqual([answer.verdict.kind, answer.verdict.rule], [verdict.kind, verdict.rule]);
      if ('state' in verdict) assert.equal(answer.shown, verdict.state);
      assert.equal(answer.agrees, answer.shown === answer.record.state);
      assert.ok(answer.agrees || isOff(answer));
    }
  });

  test('a job that runs too long is off, though it agrees', () => {
    const answer = answerOf(
      { startedAt: ago(25 * 60), heartbeatAt: ago(1) },
      { truth: truthOf('running', { startedAt: new Date(NOW.getTime() - 1_500 * MINUTE_MS) }) },
    );
    assert.deepEqual([answer.agrees, isOff(answer)], [true, true]);
  });
});

describe('what a job reports, beside its record', () => {
  test('is answered with its execution, progress and checkpoint', () => {
    const { reporter } = answerOf(
      {
        added: {
          ...runningJob().added,
          report: reportOf({ progress: { fraction: 0.4, step: 5, of: null, note: null }, cause: null }),
        },
      },
      {},
    );
    assert.deepEqual(
      [reporter?.execution, reporter?.host, reporter?.seenAt, reporter?.progress?.fraction, reporter?.waits],
      ['one', 'gpu-7', ago(1).toISOString(), 0.4, false],
    );
    assert.equal(answerOf({}).reporter, null);
  });

  test('waits where its execution has ended and its job goes on', () => {
    const of = (state: 'failed' | 'gone' | 'running') => {
      const suspect = reporting({ state });
      return jobAnswer(suspect, conclusionAt(NOW)(suspect), BACKEND, NOW).reporter?.waits;
    };
    assert.deepEqual([of('failed'), of('gone'), of('running')], [true, false, false]);
  });

  test('shows a job that a sweep called lost as running while it reports, with both', () => {
    const evidence = evidenceSchema.parse({
      verdict: 'lost',
      rule: 'silent',
      because: '',
      backend: null,
      askedAt: null,
      said: null,
      was: 'RUNNING',
      foundAt: ago(20),
      runId: 'r',
    });
    const lost = (aliveAt: Date) => {
      const added = { ...runningJob().added, endInferred: true, evidence, report: reportOf({ aliveAt }) };
      return answerOf({ ...inState('failed'), endedAt: ago(40), added });
    };
    const alive = lost(ago(1));
    assert.deepEqual([alive.shown, alive.agrees], ['running', false]);
    assert.equal(
      alive.because,
      'the record says FAILED; a sweep called it lost 2026-03-09 11:40:00 UTC, but it reported on gpu-7 that it lives, 2026-03-09 11:59:00 UTC',
    );
    assert.deepEqual([lost(ago(40)).shown, lost(ago(19)).shown], ['failed', 'failed']);
  });

  test('leaves it open how one stands that is silent while no report of its source arrives', () => {
    const over = { channel: channelOf(39) };
    const suspect = reporting({ aliveAt: ago(40), receivedAt: ago(40) }, { heartbeatAt: ago(40) }, over);
    const answer = jobAnswer(suspect, conclusionAt(NOW)(suspect), BACKEND, NOW);
    assert.deepEqual([answer.shown, answer.verdict.rule], ['unknown', 'channel-silent']);
  });
});

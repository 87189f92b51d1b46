import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { MINUTE_MS } from '../../../../functions/shared/dates.ts';
import type { Truth } from '../../../../functions/shared/model/job/backend.ts';
import { JOB_STATES } from '../../../../functions/shared/model/job/states.ts';
import { conclusionAt } from '../../../../functions/shared/model/job/verdict/taken-back.ts';
import { jobAnswerSchema } from '../../../../functions/status/api/job-schemas.ts';
import { isOff } from '../../../../functions/status/rules/is-off.ts';
import { jobAnswer } from '../../../../functions/status/rules/job-answer.ts';
import { seededRandom, sized } from '../../../support/soak.ts';
import { ago, inState, NOW, suspectOf } from '../../../support/suspects.ts';

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

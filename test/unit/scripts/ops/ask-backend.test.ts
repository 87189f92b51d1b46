import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  type BackendSettings,
  backendSchema,
  type Truth,
} from '../../../../functions/shared/model/job/backend.ts';
import { judgeBackend } from '../../../../scripts/ops/shared/ask-backend.ts';
import { utc } from '../../../support/jobs.ts';
import { truthOf } from '../../../support/suspects.ts';

const VERTEX: BackendSettings = { kind: 'vertex-ai', region: 'us-central1' };
const HTTP = backendSchema.parse({
  kind: 'http',
  url: 'https://runs.example/{id}',
  state: 'state',
  statuses: { ok: 'completed' },
});

function judged(truths: readonly Truth[], settings = VERTEX, knewAt: Date | null = null) {
  const told = new Map(truths.map((truth, index) => [`job-${index}`, truth]));
  return judgeBackend(told, { name: 'Vertex AI', settings, knewAt });
}

const gone = truthOf('gone', { placed: 'guessed' });

describe('judgeBackend()', () => {
  test('finds one fine that knows a job', () => {
    const fine = { state: 'ok', words: 'Vertex AI says running' };
    assert.deepEqual(judged([truthOf('running')]), fine);
    assert.deepEqual(judged([gone, truthOf('running'), gone]), fine);
    assert.deepEqual(judged([truthOf('suspended')]).state, 'ok');
  });

  test('finds none fine that has never known a job, and says what to do', () => {
    assert.deepEqual(judged([gone, gone]), {
      state: 'wrong',
      words:
        'Vertex AI answers, and knows none of 2 jobs, such as job-0, nor any before: until it has, no job is ended because it does not know it',
      mend: 'name googleProject for the backend, or store the full names of jobs; if these jobs are only long gone, ask again once one runs',
    });
    assert.match(judged([gone], { kind: 'cloud-build' }).mend ?? '', /^name googleProject and region for /);
    assert.match(judged([gone], HTTP).mend ?? '', /^see whether the url of the backend is right; /);
  });

  test('finds one fine that knew a job before', () =>
    assert.deepEqual(judged([gone], VERTEX, utc('2026-03-09T10:00')), {
      state: 'ok',
      words: 'Vertex AI answers, and knows none of 1 job, such as job-0; it knew one 2026-03-09 10:00:00Z',
    }));

  test('cannot tell where the place was named in full', () =>
    assert.equal(judged([{ ...gone, placed: 'named' }]).state, 'unknown'));

  test('names what nobody can read, also beside what is fine', () => {
    const unreadable = truthOf('unknown', {
      said: 'it says done; but nobody can read end',
      unreadable: 'end: 7',
    });
    assert.deepEqual(judged([truthOf('running'), unreadable]), {
      state: 'wrong',
      words: 'of 1 of 2 jobs: it says done; but nobody can read end',
      mend: 'set how that time is written, such as {"path": "end_time", "type": "millis"} for endedAt of the backend',
    });
    assert.deepEqual(judged([truthOf('unknown', { said: 'HTTP 403' })]), {
      state: 'wrong',
      words: 'HTTP 403',
      mend: undefined,
    });
    const running = truthOf('running', {
      said: 'it runs; but nobody can read start',
      unreadable: 'start: 7',
    });
    assert.equal(judged([running]).state, 'wrong');
  });
});

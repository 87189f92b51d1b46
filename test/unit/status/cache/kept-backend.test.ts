import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Backend } from '../../../../functions/shared/cloud/backends/backend.ts';
import type { Truth } from '../../../../functions/shared/model/job/backend.ts';
import {
  inOneWait,
  keptBackend,
  NO_ANSWER_YET,
  unaskable,
} from '../../../../functions/status/cache/kept-backend.ts';
import { at } from '../../../support/health.ts';
import { handClock } from '../../../support/status.ts';

const RUNNING: Truth = {
  state: 'running',
  startedAt: null,
  endedAt: null,
  unreadable: null,
  placed: 'named',
  error: null,
  askedAt: at(0),
  said: 'it runs',
};

/** A backend that answers what `answer` does, and what it was asked. */
function asked(answer: (ids: readonly string[]) => Promise<ReadonlyMap<string, Truth>>) {
  const calls: string[][] = [];
  const backend: Backend = {
    name: 'Vertex AI',
    fingerprint: 'f',
    truthsOf(ids) {
      calls.push([...ids]);
      return answer(ids);
    },
  };
  const clock = handClock(at(0));
  const kept = keptBackend(backend, clock);
  const { signal } = new AbortController();
  const statesOf = async (...ids: string[]) =>
    [...(await kept.truthsOf(ids, { signal, now: clock.now }))].map(([id, { state, said }]) => [
      id,
      state,
      said,
    ]);
  return { calls, clock, statesOf };
}

describe('a backend as viewers ask it', () => {
  test('is asked for each job once in 15 s, and for a job that is new at once', async () => {
    const { calls, clock, statesOf } = asked(async (ids) => new Map(ids.map((id) => [id, RUNNING])));
    await Promise.all([statesOf('a', 'b'), statesOf('b', 'c')]);
    clock.pass(14_999);
    await statesOf('a', 'c', 'd');
    assert.deepEqual(calls, [['a', 'b'], ['c'], ['d']]);
    clock.pass(1);
    await statesOf('a', 'd');
    assert.deepEqual(calls.at(-1), ['a']);
  });

  test('that does not answer in 2 s is unknown for now; its answer is there the next time', async () => {
    const { promise, resolve } = Promise.withResolvers<ReadonlyMap<string, Truth>>();
    const { calls, statesOf } = asked(() => promise);
    const began = performance.now();
    assert.deepEqual(await statesOf('a'), [['a', 'unknown', NO_ANSWER_YET]]);
    assert.ok(performance.now() - began < 30_000);
    resolve(new Map([['a', RUNNING]]));
    assert.deepEqual(await statesOf('a'), [['a', 'running', 'it runs']]);
    assert.equal(calls.length, 1);
  });

  test('that fails, or leaves out a job, costs no row', async () => {
    const failing = asked(() => Promise.reject(new Error('the circuit is open')));
    assert.deepEqual(await failing.statesOf('a'), [['a', 'unknown', 'the circuit is open']]);
    const silent = asked(async () => new Map());
    assert.deepEqual(await silent.statesOf('a'), [['a', 'unknown', 'it said nothing of this job']]);
  });

  test('that cannot be opened says why', async () => {
    const clock = handClock(at(0));
    const backend = unaskable('http', 'K8S_TOKEN is missing', clock);
    const { signal } = new AbortController();
    const truth = (await backend.truthsOf(['a'], { signal, now: clock.now })).get('a');
    assert.deepEqual([truth?.state, truth?.said], ['unknown', 'cannot be asked: K8S_TOKEN is missing']);
  });

  test('lets a page wait once, whatever it asks further; what is known is told at once', async () => {
    const clock = handClock(at(0));
    const { signal } = new AbortController();
    const asked: (AbortSignal | undefined)[] = [];
    const backend: Backend = {
      name: 'Vertex AI',
      fingerprint: 'f',
      truthsOf: (ids) =>
        ids.includes('hangs') ? new Promise(() => {}) : Promise.resolve(new Map([['a', RUNNING]])),
    };
    const kept = keptBackend(backend, clock);
    const page = inOneWait({
      ...backend,
      truthsOf(ids, options) {
        asked.push(options.signal);
        return kept.truthsOf(ids, options);
      },
    });
    await page.truthsOf(['a'], { signal, now: clock.now });
    await page.truthsOf(['hangs'], { signal, now: clock.now });
    assert.equal(asked[0], asked[1]);
    assert.ok(asked[0]?.aborted);
    const [[, known] = []] = await page.truthsOf(['a'], { signal, now: clock.now });
    const [[, hangs] = []] = await page.truthsOf(['hangs'], { signal, now: clock.now });
    assert.deepEqual([known?.state, hangs?.said], ['running', NO_ANSWER_YET]);
  });
});

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { needsWitness, witnessOf } from '../../../functions/shared/model/job/verdict/witness.ts';
import { inState, runningJob, suspectOf, truthOf } from '../../support/suspects.ts';

const GUESSED = truthOf('gone', { placed: 'guessed' });

describe('a job that shows life is asked about', () => {
  const needs = (over: object, known = false) => needsWitness([suspectOf({}), suspectOf({}, over)], known);

  test('only where a guessed place that never knew one says that there is no such job', () => {
    assert.equal(needs({ truth: GUESSED }), true);
    assert.equal(needs({ jobTruth: GUESSED }), true);
    assert.equal(needs({ truth: GUESSED }, true), false);
    assert.equal(needs({ truth: truthOf('gone') }), false);
    assert.equal(needs({ truth: truthOf('unknown', { placed: 'guessed' }) }), false);
    assert.equal(needs({}), false);
  });

  test('by its name there: the first that runs and was not asked about', () => {
    const jobs = [
      runningJob({ backendId: null }),
      runningJob({ backendId: 'queued', ...inState('queued') }),
      runningJob({ backendId: 'told' }),
      runningJob({ backendId: 'one' }),
      runningJob({ backendId: 'two' }),
    ];
    assert.equal(witnessOf(jobs, new Map([['told', GUESSED]])), 'one');
    assert.equal(witnessOf(jobs.slice(0, 3), new Map([['told', GUESSED]])), null);
  });
});

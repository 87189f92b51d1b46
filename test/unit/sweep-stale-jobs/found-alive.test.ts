import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { evidenceSchema } from '../../../functions/shared/model/job/evidence.ts';
import type { Job } from '../../../functions/shared/model/job/job.ts';
import type { EndedRecord } from '../../../functions/shared/model/job/sweep-checkpoint.ts';
import { verdictOf } from '../../../functions/shared/model/job/verdict/verdict.ts';
import { lifeAfter, watchedAgain } from '../../../functions/sweep-stale-jobs/rules/found-alive.ts';
import { ago, inState, NOW, runningJob, suspectOf } from '../../support/suspects.ts';

const LEFT: EndedRecord = {
  path: 'jobs/x',
  isExecution: false,
  endedAt: ago(20),
  runId: 'r',
  startedAt: ago(180),
  heartbeatAt: ago(47),
  alive: null,
  corrected: false,
};
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
/** As the sweep left it. */
function jobNow(over: Partial<Job> = {}): Job {
  const job = runningJob({ ...inState('failed'), heartbeatAt: ago(47), endedAt: ago(47) });
  return { ...job, added: { ...job.added, evidence }, ...over };
}

describe('lifeAfter()', () => {
  const ALIVE: [what: string, job: Job, words: RegExp][] = [
    ['a heart that beats', jobNow({ heartbeatAt: ago(1) }), /^its heart beats: 2026-03-09 11:59:00 UTC$/],
    ['a heart that beats by a clock 8 hours behind', jobNow({ heartbeatAt: ago(500) }), /^its heart beats/],
    ['its record, which says again that it runs', jobNow(inState('running')), /says RUNNING again$/],
    ['its record, which says that it is suspended', jobNow(inState('suspended')), /says SUSPENDED again$/],
    ['that it completed later', jobNow({ ...inState('completed'), endedAt: ago(5) }), /says COMPLETED now/],
  ];
  for (const [what, job, words] of ALIVE)
    test(`is ${what}`, () => assert.match(`${lifeAfter(LEFT, job)}`, words));

  const NONE: [what: string, job: Job | undefined][] = [
    ['a record as it was left', jobNow()],
    ['a record that is gone', undefined],
    ['another try', jobNow({ ...inState('running'), startedAt: ago(10), heartbeatAt: ago(1) })],
    ['one that is queued again', jobNow(inState('queued'))],
    ['an end that was only told later', jobNow({ ...inState('completed'), endedAt: ago(30) })],
    ['an end that somebody else wrote for it', jobNow({ endedAt: ago(5) })],
    ['a verdict that a person took back', jobNow({ ...inState('running'), added: runningJob().added })],
    ['a heartbeat that nobody can read', jobNow({ heartbeatAt: null })],
  ];
  for (const [what, job] of NONE) test(`is not ${what}`, () => assert.equal(lifeAfter(LEFT, job), null));

  test('counts for good', () => {
    const [once] = watchedAgain([LEFT], new Map([['jobs/x', jobNow({ heartbeatAt: ago(1) })]]));
    assert.match(`${once?.alive}`, /^its heart beats/);
    assert.deepEqual(watchedAgain([once as EndedRecord], new Map([['jobs/x', jobNow()]])), [once]);
  });
});

describe('a try that a sweep ended and that came back', () => {
  const back = (over: Partial<Job> = {}) =>
    verdictOf(suspectOf(jobNow({ ...inState('running'), ...over }), { writtenAt: ago(18) }), NOW);

  test('is not ended again for its silence', () => {
    const { rule, because } = back();
    assert.equal(rule, 'came-back');
    assert.match(because, /^a sweep ended this very try 2026-03-09 11:40:00 UTC \(silent\)/);
  });

  test('is like any other where it began again, or where a person had ended it', () => {
    assert.equal(back({ startedAt: ago(19), heartbeatAt: ago(18) }).rule, 'silent');
    const { added } = jobNow();
    assert.equal(back({ added: { ...added, evidence: { ...evidence, by: 'ada' } } }).rule, 'silent');
    assert.equal(back({ added: { ...added, evidence: null } }).rule, 'silent');
  });
});

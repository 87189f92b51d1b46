import assert from 'node:assert/strict';
import { test } from 'node:test';
import { reportedRecord } from '../../../functions/report/rules/reported-record.ts';
import { readJob } from '../../../functions/shared/model/job/job.ts';
import { beating } from '../../support/sweeper.ts';
import { NOW } from './histories.ts';

test('an end that rests on the silence after executions is presumed, whatever its backend was asked', () => {
  const evidence = { verdict: 'fail', rule: 'executions-ended', because: 'x', said: 'gone', was: 'running' };
  const asked = { backend: 'http', askedAt: NOW, foundAt: NOW, runId: 'r', by: null };
  const of = (rule: string) => {
    const nightshift = { endInferred: true, evidence: { ...evidence, ...asked, rule } };
    const values: Record<string, unknown> = { status: 'failed', nightshift };
    const record = { id: 'a', source: 'jobs', path: 'jobs/a', get: (path: string) => values[path] };
    return reportedRecord(readJob(beating(), record), null).ending;
  };
  assert.deepEqual([of('executions-ended'), of('backend-ended')], ['presumed', 'recorded']);
});

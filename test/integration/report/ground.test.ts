import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { addMs, MINUTE_MS } from '../../../functions/shared/dates.ts';
import { REPORTED, reportedSource, reporter } from '../../support/reporter.ts';

const NOW = new Date('2026-11-28T12:00:00Z');
const STARTED = addMs(NOW, -60 * MINUTE_MS);

const NESTED = {
  fields: {
    ...REPORTED.fields,
    error: 'result.error',
    endedAt: { path: 'times.finished', type: 'timestamp' },
  },
};

function report(seq: number, over: object = {}) {
  const at = addMs(NOW, (seq - 10) * MINUTE_MS).toISOString();
  return { job: 'train-1', execution: 'A', seq, at, startedAt: STARTED.toISOString(), host: 'h', ...over };
}

const END = { end: { state: 'failed', exitCode: 137, cause: 'oom' } };

describe('what stands above a field that a report is written to', { concurrency: 4 }, () => {
  test('stays where the error would be written, and the job ends without', async (t) => {
    const { send, job, db } = reporter(t, { source: reportedSource(NESTED) });
    const result = 'gs://b/best.pt';
    await db.doc('jobs/train-1').set({ status: 'running', startedAt: STARTED, result });
    assert.deepEqual(await send([report(1, END)]), ['applied']);
    const record = await job('train-1');
    assert.deepEqual([record?.status, record?.result], ['failed', result]);
  });

  test('stays where the end would be written, or in our own field, and the report is to come again', async (t) => {
    const { send, job, db } = reporter(t, { source: reportedSource(NESTED) });
    const records = [{ times: [1, 2] }, { nightshift: 'on call: ada' }, { nightshift: ['ada'] }];
    for (const theirs of records) {
      const record = { status: 'running', startedAt: STARTED, ...theirs };
      await db.doc('jobs/train-1').set(record);
      const before = await job('train-1');
      assert.deepEqual(await send([report(1, END)]), ['later']);
      assert.deepEqual(await job('train-1'), before);
    }
    await db.doc('jobs/train-1').set({ status: 'running', startedAt: STARTED, times: null });
    assert.deepEqual(await send([report(1, END)]), ['applied']);
  });
});

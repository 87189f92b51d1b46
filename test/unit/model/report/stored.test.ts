import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  type StoredReport,
  storedReportSchema,
  toStore,
} from '../../../../functions/shared/model/report/stored.ts';

const AT = new Date('2026-11-28T10:00:00Z');
const BEAT: StoredReport = storedReportSchema.parse({
  execution: 'A',
  seq: 0,
  receivedAt: AT,
  clock: 'wall',
  state: 'running',
  progress: { fraction: 0, note: '' },
});
const FULL: StoredReport = {
  ...BEAT,
  exitCode: 0,
  stopping: true,
  falseLost: true,
  checkpoint: { uri: 'gs://b/1/', step: null },
  contradictions: [{ at: AT, by: null, execution: 'A', seq: null, state: 'failed' }],
  rivals: [{ execution: 'B', seq: null, host: null, aliveAt: AT, live: false }],
};

test('what is stored of a report is read as it was, and holds nothing rare that never happened', () => {
  for (const report of [BEAT, FULL]) assert.deepEqual(storedReportSchema.parse(toStore(report)), report);
  assert.deepEqual(
    Object.keys(BEAT)
      .filter((name) => !(name in toStore(BEAT)))
      .sort(),
    [
      'endReceivedAt',
      'falseLost',
      'goneAt',
      'recordStart',
      'restarted',
      'rivals',
      'saidStart',
      'signal',
      'stopping',
    ],
  );
});

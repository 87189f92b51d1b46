import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { answerSchema, RESULTS } from '../../../../functions/shared/model/report/answer.ts';
import {
  MOST_BODY_BYTES,
  MOST_JOBS,
  MOST_REPORTS,
  reportSchema,
} from '../../../../functions/shared/model/report/report.ts';
import { endOf, UNASKED } from '../../../../scripts/report/child/cause.ts';
import { nextReport, type Open, type Report } from '../../../../scripts/report/outbox/report.ts';
import { judge } from '../../../../scripts/report/send/answer.ts';
import { batchesOf } from '../../../../scripts/report/send/batch.ts';

/** The command knows nothing of the service's code: here both are laid side by side. */

const OPEN: Open = {
  execution: '01JDQ300000000000000000000',
  job: 'train-1',
  source: 'jobs',
  url: 'http://localhost/',
  jobToken: null,
  host: 'gpu-7',
  attempt: 2,
  bootId: 'boot',
  pidns: null,
  writer: null,
  child: { pid: 412, start: '1' },
  program: 'python',
  startedAt: '2026-11-28T08:00:00.000Z',
  startedBootMs: 1_000,
  mayRetry: false,
};
const NOW = { at: '2026-11-28T09:00:00.000Z', bootMs: 3_601_000, bootId: 'boot' };
const said = {
  progress: { fraction: 0.5, step: 1, of: 2, note: 'half' },
  checkpoint: { uri: 'gs://b/1/', step: 1 },
  stopping: true as const,
  migrations: 1,
};
const end = endOf({ exitCode: null, signal: 'SIGKILL', ...UNASKED, oomKills: 1 }, 'words', true);

describe('what the command sends', () => {
  test('is what the service reads, word for word', () => {
    const reports = [
      nextReport(OPEN, undefined, {}, NOW, 1),
      nextReport(OPEN, undefined, { ...said, end }, NOW, 2),
      nextReport(OPEN, undefined, { state: 'gone' }, NOW, 3),
    ];
    for (const report of reports) {
      const parsed = reportSchema.parse(JSON.parse(JSON.stringify(report))) as Record<string, unknown>;
      // What only the command itself uses.
      const { program: _, migrations: __, end, at, startedAt, ...rest } = report;
      assert.deepEqual(parsed.at, new Date(at));
      assert.deepEqual(parsed.startedAt, new Date(startedAt as string));
      for (const [key, value] of Object.entries(rest)) assert.deepEqual(parsed[key], value, key);
      assert.equal((parsed.end as Report['end'])?.cause, end?.cause);
    }
  });

  test('comes in requests that it takes', () => {
    const many = Array.from({ length: 1_200 }, (_, i) => {
      const report = nextReport(OPEN, undefined, { end }, NOW, i);
      return { ...report, job: `job-${i % 150}`, progress: { note: 'x'.repeat(i % 500) } };
    });
    for (const batch of batchesOf(many)) {
      assert.ok(batch.length <= MOST_REPORTS);
      assert.ok(new Set(batch.map(({ job }) => job)).size <= MOST_JOBS);
      const body = {
        v: 1,
        source: 'jobs',
        sentAt: NOW.at,
        boot: { id: NOW.bootId, ms: NOW.bootMs },
        reports: batch,
      };
      assert.ok(Buffer.byteLength(JSON.stringify(body)) <= MOST_BODY_BYTES);
    }
  });
});

describe('what the service answers', () => {
  const report = nextReport(OPEN, undefined, {}, NOW, 7);

  for (const result of RESULTS)
    test(`${result} is understood`, () => {
      const { job, execution, seq } = report;
      const problems = [
        { path: 'reports.0.job', message: 'Cannot report "train-1"', expected: 'a job of yours' },
      ];
      const answer = answerSchema.parse({
        receivedAt: NOW.at,
        results: [{ job, execution, seq, result, ...(result === 'rejected' && { problems }) }],
        heartbeatSeconds: 120,
        stop: ['train-1'],
        problems: [],
      });
      const outcome = {
        kind: 'answer',
        status: 200,
        retryAfter: undefined,
        date: undefined,
        text: JSON.stringify(answer),
      } as const;
      const judged = judge(outcome, [report]);
      assert.ok(judged.kind === 'results');
      assert.equal(judged.fates[0]?.result, result === 'later' ? 'kept' : result);
      assert.deepEqual(
        judged.fates[0]?.problems,
        result === 'rejected' ? ['reports.0.job: Cannot report "train-1"'] : [],
      );
      assert.deepEqual([judged.heartbeatSeconds, judged.stop], [120, ['train-1']]);
    });
});

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { readJob } from '../../../../functions/shared/model/job/job.ts';
import { sourceSchema } from '../../../../functions/shared/model/job/source.ts';
import { answerSchema, heartbeatSeconds } from '../../../../functions/shared/model/report/answer.ts';
import { channelSchema } from '../../../../functions/shared/model/report/channel.ts';
import {
  envelopeSchema,
  type Report,
  reportSchema,
  requestSchema,
} from '../../../../functions/shared/model/report/report.ts';
import { allowanceOf, covers, reportsSchema } from '../../../../functions/shared/model/report/settings.ts';
import { storedReportSchema } from '../../../../functions/shared/model/report/stored.ts';
import { parseWithProblems } from '../../../../functions/shared/problems.ts';

/** A report with every field. */
const WHOLE = {
  job: 'train-1234',
  execution: '01JDQ3',
  seq: 41,
  at: '2026-11-28T09:59:58Z',
  bootMs: 8638001,
  bootId: '7c0e',
  startedAt: '2026-11-28T08:00:00Z',
  state: 'running',
  host: 'gpu-7',
  pid: 412,
  attempt: 1,
  progress: { fraction: 0.42, step: 51200, of: 120000, note: 'epoch 3' },
  checkpoint: { uri: 'gs://b/run/ckpt-51000/', step: 51000 },
  end: null,
};
const REQUEST = {
  v: 1,
  source: 'jobs',
  sentAt: '2026-11-28T10:00:00.120Z',
  boot: { id: '7c0e', ms: 8640123 },
  reports: [WHOLE],
};

/** The paths of what is wrong with a report. */
function wrong(report: object): string[] {
  const parsed = parseWithProblems(reportSchema, report);
  return parsed.ok ? [] : parsed.problems.map(({ path }) => path);
}

const parsed = (report: object): Report => reportSchema.parse({ job: 'a', ...report });

describe('a report', () => {
  test('is read whole, and its request around it', () => {
    assert.deepEqual(wrong(WHOLE), []);
    const { reports, sentAt, boot } = requestSchema.parse(REQUEST);
    assert.equal(reports[0]?.startedAt?.toISOString(), '2026-11-28T08:00:00.000Z');
    assert.equal(sentAt?.toISOString(), '2026-11-28T10:00:00.120Z');
    assert.equal(boot?.ms, 8640123);
  });

  test('needs nothing but the job', () => {
    assert.deepEqual(wrong({ job: 'train-1234' }), []);
    assert.deepEqual(wrong({}), ['job']);
  });

  test('may hold what a newer client adds', () => {
    assert.equal(Reflect.has(reportSchema.parse({ ...WHOLE, mood: 'good' }), 'mood'), false);
  });

  test('counts null as left out', () => {
    assert.equal(parsed({ seq: null, host: null, progress: null }).seq, undefined);
  });

  test('is refused for what cannot be told from something else', () => {
    assert.deepEqual(wrong({ job: 7 }), ['job']);
    assert.deepEqual(wrong({ job: 'a', seq: -1 }), ['seq']);
    assert.deepEqual(wrong({ job: 'a', seq: '3' }), ['seq']);
    assert.deepEqual(wrong({ job: 'a', state: 'crashed' }), ['state']);
    assert.deepEqual(wrong({ job: 'a', at: 'yesterday' }), ['at']);
    assert.deepEqual(wrong({ job: 'a', at: '2026-11-28T10:00:00' }), ['at']);
    assert.deepEqual(wrong({ job: 'a', progress: { fraction: 1.5 } }), ['progress.fraction']);
    assert.deepEqual(wrong({ job: 'a\u001b[31m' }), ['job']);
    assert.deepEqual(wrong({ job: 'a', host: 'x'.repeat(301) }), ['host']);
  });

  test('whose end is another state than its own is refused', () => {
    assert.deepEqual(wrong({ job: 'a', state: 'running', end: { state: 'failed' } }), ['state']);
    assert.deepEqual(wrong({ job: 'a', state: 'failed', end: { state: 'failed' } }), []);
    assert.deepEqual(wrong({ job: 'a', end: { state: 'failed' } }), []);
  });

  test('is not refused for a long or coloured error: it is cut off and cleaned', () => {
    const { end } = parsed({ end: { state: 'failed', error: `\u001b[31mOOM\n${'x'.repeat(5_000)}` } });
    assert.equal(end?.error?.length, 2_000);
    assert.ok(end?.error?.startsWith(' [31mOOM x'));
  });

  test('comes with at most 500 others, and they are not read with the envelope', () => {
    assert.equal(envelopeSchema.safeParse({ reports: [7, 'x'] }).success, true);
    assert.equal(envelopeSchema.safeParse({ reports: [] }).success, false);
    assert.equal(envelopeSchema.safeParse({ reports: Array(501).fill(WHOLE) }).success, false);
    assert.equal(envelopeSchema.safeParse({ v: 2, reports: [WHOLE] }).success, false);
  });
});

describe('what is stored of reports', () => {
  const receivedAt = new Date('2026-11-28T10:00:00Z');

  test('is read with what an older release left out', () => {
    const least = { execution: 'e', receivedAt, clock: 'boot', state: 'running' };
    const { contradictions, falseLost, aliveAt, rivals } = storedReportSchema.parse(least);
    assert.deepEqual([contradictions, falseLost, aliveAt, rivals], [[], false, null, []]);
    const channel = channelSchema.parse({ source: 'jobs', lastAcceptedAt: receivedAt });
    assert.deepEqual([channel.accepted, channel.falseLost], [0, 0]);
  });

  test('is read with the job that it is of', () => {
    const source = sourceSchema.parse(SOURCE);
    const job = (nightshift: unknown) =>
      readJob(source, {
        id: 'a',
        source: 'jobs',
        path: 'jobs/a',
        get: (path) => (path === 'nightshift' ? nightshift : undefined),
      });
    const report = { execution: 'e', receivedAt, clock: 'boot', state: 'running' };
    const { added } = job({ report, stopRequested: receivedAt });
    assert.deepEqual([added.report?.execution, added.stopRequested], ['e', true]);
    for (const none of [undefined, {}, { stopRequested: false }, { stopRequested: null }])
      assert.deepEqual([job(none).added.report, job(none).added.stopRequested], [null, false]);
  });
});

describe('the answer', () => {
  test('asks for five reports in the time after which a job is stale', () => {
    assert.equal(heartbeatSeconds(10 * 60_000), 120);
    assert.equal(heartbeatSeconds(30_000), 15);
    assert.equal(heartbeatSeconds(24 * 3_600_000), 300);
  });

  test('has a result for a report that could not be read', () => {
    const result = { job: null, execution: null, seq: null, result: 'rejected', problems: [] };
    const answer = { receivedAt: '2026-11-28T10:00:00.000Z', heartbeatSeconds: 120, stop: [], problems: [] };
    assert.equal(answerSchema.safeParse({ ...answer, results: [result] }).success, true);
  });
});

const time = (path: string) => ({ path, type: 'timestamp' });
const SOURCE = {
  collection: 'jobs',
  fields: { status: 'status', startedAt: time('startedAt'), endedAt: time('endedAt') },
  statuses: { running: 'running', completed: 'completed', failed: 'failed', cancelled: 'cancelled' },
};

describe('the settings of reports', () => {
  test('allow nobody unless they say whom', () => {
    const settings = reportsSchema.parse({});
    assert.deepEqual(settings, { create: false, from: {}, tokens: false });
    assert.equal(allowanceOf(settings, 'trainer@p.iam.gserviceaccount.com'), undefined);
  });

  test('name projects and ids, or their beginnings', () => {
    const settings = reportsSchema.parse({
      from: { 'Trainer@p.com': { projects: ['vision'], ids: ['train-*'] } },
    });
    const allowance = allowanceOf(settings, 'trainer@p.com');
    assert.ok(allowance);
    assert.equal(covers(allowance, 'train-1', 'vision'), true);
    assert.equal(covers(allowance, 'etl-1', 'vision'), false);
    assert.equal(covers(allowance, 'train-1', 'speech'), false);
    assert.equal(
      covers(allowance, 'train-1', null),
      false,
      'a record without a project is in none that is named',
    );
    assert.equal(covers({ ids: ['train'] }, 'train-1', null), false);
    assert.equal(covers({}, 'anything', null), true);
    assert.equal(covers({ ids: ['*'] }, 'anything', null), true);
  });

  test('name accounts and patterns that can be understood', () => {
    assert.equal(reportsSchema.safeParse({ from: { trainer: {} } }).success, false);
    assert.equal(reportsSchema.safeParse({ from: { 'a@b': { ids: ['*-train'] } } }).success, false);
    assert.equal(sourceSchema.safeParse({ ...SOURCE, reports: { creates: true } }).success, false);
    assert.equal(sourceSchema.parse(SOURCE).reports, undefined);
  });

  test('need to know where and in which words a job is written', () => {
    const wrong = (over: object) => {
      const parsed = parseWithProblems(sourceSchema, { ...SOURCE, reports: { create: true }, ...over });
      return parsed.ok ? [] : parsed.problems.map(({ path }) => path);
    };
    assert.deepEqual(wrong({}), []);
    assert.deepEqual(wrong({ statuses: { ...SOURCE.statuses, crashed: 'failed' } }), ['write.failed']);
    assert.deepEqual(
      wrong({ statuses: { ...SOURCE.statuses, crashed: 'failed' }, write: { failed: 'failed' } }),
      [],
    );
    assert.deepEqual(wrong({ group: true }), ['fields.id', 'reports.create']);
  });
});

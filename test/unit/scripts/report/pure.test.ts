import assert from 'node:assert/strict';
import { rmSync, symlinkSync } from 'node:fs';
import { describe, test } from 'node:test';
import { crc32 as zlibCrc32 } from 'node:zlib';
import fc from 'fast-check';
import { causeOf, type Death, endOf, UNASKED } from '../../../../scripts/report/child/cause.ts';
import { counterFiles, killsIn } from '../../../../scripts/report/child/memory.ts';
import { progressOf } from '../../../../scripts/report/child/progress-file.ts';
import { redacted } from '../../../../scripts/report/child/redact.ts';
import { lastWords } from '../../../../scripts/report/child/tee.ts';
import { settingOf } from '../../../../scripts/report/child/terminal.ts';
import { bytesOf, millisecondsOf } from '../../../../scripts/report/command/amounts.ts';
import { parse } from '../../../../scripts/report/command/parse.ts';
import { crc32 } from '../../../../scripts/report/outbox/crc32.ts';
import { isExecutionId, newExecutionId } from '../../../../scripts/report/outbox/execution-id.ts';
import { fitted } from '../../../../scripts/report/outbox/folder.ts';
import { isoOf } from '../../../../scripts/report/outbox/iso.ts';
import { decodeLine, encodeLine } from '../../../../scripts/report/outbox/line.ts';
import { checkOwner } from '../../../../scripts/report/outbox/place.ts';
import { changeOf, nextReport, type Open, withTold } from '../../../../scripts/report/outbox/report.ts';
import { judge } from '../../../../scripts/report/send/answer.ts';
import { waitAfter, waitAfterOutage } from '../../../../scripts/report/send/backoff.ts';
import { batchesOf } from '../../../../scripts/report/send/batch.ts';
import { audienceOf, isLocal, lifeOf } from '../../../../scripts/report/send/token.ts';
import { freshFolder } from '../../../support/folders.ts';

const OPEN: Open = {
  execution: '01JDQ300000000000000000000',
  job: 'train-1',
  source: 'jobs',
  url: 'http://localhost/',
  jobToken: null,
  host: 'gpu-7',
  attempt: 1,
  bootId: 'boot',
  pidns: null,
  writer: null,
  child: { pid: 412, start: '1' },
  program: 'python',
  startedAt: '2026-11-28T08:00:00.000Z',
  startedBootMs: 1_000,
  mayRetry: false,
};
const at = (time: string, bootMs: number, bootId = 'boot') => ({ at: `2026-11-28T${time}Z`, bootMs, bootId });
const REPORT = nextReport(OPEN, undefined, {}, at('08:00:01.000', 2_000), 1);

describe('a line of the outbox', () => {
  test('comes back as it was, whatever is in it', () => {
    const value = { note: 'ä}\n"crc":"00000000"', n: 1 };
    assert.deepEqual(decodeLine(encodeLine(value)), value);
    assert.deepEqual(decodeLine(encodeLine(value).padEnd(4_096)), value);
  });

  test('is nothing when a byte of it is missing or another', () => {
    const line = encodeLine({ seq: 12 });
    for (let i = 1; i < line.length - 2; i++) assert.equal(decodeLine(line.slice(0, i)), undefined);
    assert.equal(decodeLine(line.replace('12', '13')), undefined);
    assert.equal(decodeLine(line.replace('"v":1', '"v":2')), undefined);
  });
});

test('an instant is written as Date writes it, in any year', () => {
  const at = fc.double({ min: -8.64e15, max: 8.64e15, noNaN: true });
  const ofOurDays = fc.integer({ min: 0, max: Date.parse('2100-01-01T00:00:00Z') });
  fc.assert(
    fc.property(fc.oneof(at, ofOurDays), (ms) => assert.equal(isoOf(ms), new Date(ms).toISOString())),
  );
  assert.throws(() => isoOf(Number.NaN), RangeError);
});

test('the checksum is that of zlib', () => {
  for (const text of ['', 'a', 'ä€😀', 'x'.repeat(10_000)]) assert.equal(crc32(text), zlibCrc32(text));
});

test('execution ids sort by time', () => {
  const ids = [0, 1, 1_764_300_000_000, 1_764_300_000_001].map(newExecutionId);
  assert.deepEqual(ids, ids.toSorted());
  assert.ok(ids.every(isExecutionId));
  assert.ok(!isExecutionId('rejected'));
});

describe('a report', () => {
  test('carries on what the one before knew', () => {
    const { change } = changeOf([
      { kind: 'progress', ...at('08:00:02.000', 3_000), progress: { step: 5, of: 10 } },
      { kind: 'checkpoint', ...at('08:00:02.000', 3_000), checkpoint: { uri: 'gs://b/5/' } },
    ]);
    const first = nextReport(OPEN, REPORT, change, at('08:00:03.000', 4_000), 2);
    const second = nextReport(
      OPEN,
      first,
      { progress: { step: 6 }, stopping: true },
      at('08:00:04.000', 5_000),
      3,
    );
    assert.deepEqual(second.progress, { step: 6, of: 10 });
    assert.deepEqual(second.checkpoint, { uri: 'gs://b/5/' });
    assert.equal(nextReport(OPEN, second, {}, at('08:00:05.000', 6_000), 4).stopping, true);
  });

  test('dates its start by its own clock, which somebody may have set', () => {
    const later = nextReport(OPEN, REPORT, {}, at('20:00:00.000', 61_000), 2);
    assert.equal(later.startedAt, '2026-11-28T19:59:00.000Z');
    assert.equal(later.clockStepMs, 11 * 3_600_000 + 59 * 60_000);
    assert.equal(REPORT.clockStepMs, undefined);
    assert.equal(nextReport(OPEN, REPORT, {}, at('20:00:00.000', 10, 'next'), 2).startedAt, OPEN.startedAt);
  });

  test('fits the room of its end: it loses the beginning of the error', () => {
    const end = { ...endOf({ exitCode: 1, signal: null, ...UNASKED }, `a${'"'.repeat(4_000)}z`, false) };
    const { error } = fitted({ ...REPORT, end }).end ?? {};
    assert.ok(error?.endsWith('"z') && !error.startsWith('a'));
    assert.ok(Buffer.byteLength(encodeLine(fitted({ ...REPORT, end }))) <= 4_096);
  });
});

describe('the end', () => {
  const dead = (part: Partial<Death>): Death => ({ exitCode: 1, signal: null, ...UNASKED, ...part });
  const killed = { exitCode: null, signal: 'SIGKILL' as const };

  test('has the most particular cause that is proven', () => {
    const cases: [Partial<Death>, string][] = [
      [{}, 'exit'],
      [{ exitCode: 0, asked: 'SIGTERM' }, 'exit'],
      [killed, 'signal'],
      [{ ...killed, oomKills: 1 }, 'oom'],
      [{ exitCode: 137, oomKills: 1 }, 'oom'],
      [{ oomKills: 1 }, 'exit'],
      [{ asked: 'SIGTERM' }, 'stopped'],
      [{ asked: 'SIGTERM', isPreempted: true }, 'preempted'],
      [{ asked: 'SIGINT', isPreempted: true }, 'stopped'],
      [{ ...killed, isTimedOut: true, oomKills: 1 }, 'timed-out'],
      [{ isCalledOff: true }, 'stopped'],
    ];
    for (const [death, cause] of cases) assert.equal(causeOf(dead(death)), cause, JSON.stringify(death));
  });

  test('is cancelled by a person, failed by a platform, and final unless a failure may be tried again', () => {
    assert.equal(endOf(dead({ asked: 'SIGINT' }), undefined, false).state, 'cancelled');
    assert.equal(endOf(dead({ asked: 'SIGTERM' }), undefined, false).state, 'failed');
    assert.equal(endOf(dead({}), undefined, true).final, false);
    assert.equal(endOf(dead({ exitCode: 0 }), undefined, true).final, true);
    assert.equal(endOf(dead(killed), undefined, false).error, 'killed by SIGKILL');
  });

  test('takes the words of the job, which never make a failure good', () => {
    const failed = endOf(dead({}), undefined, false);
    assert.equal(withTold(failed, { state: 'completed' }).state, 'failed');
    assert.equal(withTold(failed, { state: 'failed', error: 'no data' }).error, 'no data');
    assert.equal(withTold(failed, { state: 'cancelled' }).state, 'cancelled');
    const good = endOf(dead({ exitCode: 0 }), undefined, false);
    assert.equal(withTold(good, { state: 'failed', error: 'diverged' }).state, 'failed');
  });

  test('counts kills in either version of control groups', () => {
    assert.equal(killsIn('low 0\noom 3\noom_kill 2\noom_group_kill 0\n'), 2);
    assert.equal(killsIn('oom_kill_disable 0\nunder_oom 0\noom_kill 1\n'), 1);
    assert.equal(killsIn(''), undefined);
    assert.deepEqual(counterFiles('0::/a/b\n'), [
      '/sys/fs/cgroup/a/b/memory.events',
      '/sys/fs/cgroup/memory.events',
    ]);
    assert.deepEqual(counterFiles('4:memory:/x\n0::/\n').slice(0, 2), [
      '/sys/fs/cgroup/memory/x/memory.oom_control',
      '/sys/fs/cgroup/memory/memory.oom_control',
    ]);
  });
});

describe('an answer', () => {
  const { job, execution, seq } = REPORT;
  const answer = (status: number, body: unknown, headers: { retryAfter?: string; date?: string } = {}) => ({
    kind: 'answer' as const,
    status,
    retryAfter: headers.retryAfter,
    date: headers.date,
    text: typeof body === 'string' ? body : JSON.stringify(body),
  });
  const result = (word: string) => answer(200, { results: [{ job, execution, seq, result: word }] });

  test('settles what it names, and only what it names', () => {
    for (const [word, expected] of Object.entries({
      applied: 'applied',
      ended: 'ended',
      later: 'kept',
      odd: 'kept',
    })) {
      const judged = judge(result(word), [REPORT]);
      assert.equal(judged.kind === 'results' && judged.fates[0]?.result, expected);
    }
    const other = judge(answer(200, { results: [{ job, execution, seq: 7, result: 'applied' }] }), [REPORT]);
    assert.equal(other.kind === 'results' && other.fates[0]?.result, 'kept');
    for (const text of ['', '{"results":[', '<html>', 'null', '{}'])
      assert.equal(judge(answer(200, text), [REPORT]).kind, 'failed');
  });

  test('is a word against the request, against us, or about the time', () => {
    assert.equal(judge(answer(413, ''), [REPORT]).kind, 'poisoned');
    assert.equal(judge(answer(401, ''), [REPORT]).kind, 'unauthorized');
    for (const status of [302, 403, 404, 405]) {
      const judged = judge(answer(status, ''), [REPORT]);
      assert.equal(judged.kind === 'failed' && judged.failure.kind, 'refused', String(status));
    }
    const wait = (retryAfter: string, date = '') => {
      const judged = judge(answer(503, '', { retryAfter, date }), [REPORT]);
      return judged.kind === 'failed' ? judged.failure.retryAfterMs : undefined;
    };
    assert.equal(wait('7'), 7_000);
    assert.equal(wait('Sat, 28 Nov 2026 10:00:30 GMT', 'Sat, 28 Nov 2026 10:00:00 GMT'), 30_000);
    assert.equal(wait('soon'), 0);
  });
});

test('waits are spread, bounded, and never shorter than what was asked for', () => {
  const failure = { kind: 'unreachable', reason: '503', retryAfterMs: 0 } as const;
  assert.equal(waitAfter(failure, 0, 0.5), 500);
  assert.equal(waitAfter(failure, 100, 0.999) < 300_000, true);
  assert.equal(waitAfter({ ...failure, retryAfterMs: 9_000 }, 0, 0), 9_000);
  assert.equal(waitAfter({ ...failure, kind: 'refused' }, 0, 0), 30_000);
  assert.equal(waitAfterOutage(60_000, 0.5), 3_000);
  assert.equal(waitAfterOutage(86_400_000, 1), 60_000);
});

test('batches hold no more jobs and bytes than the service takes', () => {
  const many = Array.from({ length: 1_001 }, (_, i) => ({ ...REPORT, job: `job-${i % 3}`, seq: i }));
  assert.deepEqual(
    batchesOf(many).map((batch) => batch.length),
    [500, 500, 1],
  );
  const jobs = many.map((report, i) => ({ ...report, job: `job-${i}` }));
  assert.equal(batchesOf(jobs).length, 11);
  const large = jobs.map((report) => ({ ...report, progress: { note: 'x'.repeat(9_000) } }));
  assert.ok(batchesOf(large).every((batch) => Buffer.byteLength(JSON.stringify(batch)) <= 245_000));
  assert.deepEqual(batchesOf(large).flat(), large);
});

test('tokens are for the service, live by the clock of who gave them, and are not shown to this machine', () => {
  assert.equal(audienceOf(new URL('https://report-x.run.app/a/b')), 'https://report-x.run.app');
  assert.equal(
    audienceOf(new URL('https://europe-west1-p.cloudfunctions.net/report/x')),
    'https://europe-west1-p.cloudfunctions.net/report',
  );
  const token = `x.${Buffer.from(JSON.stringify({ iat: 0, exp: 3_600 })).toString('base64url')}.y`;
  assert.equal(lifeOf(token, undefined), 3_600_000);
  assert.equal(lifeOf(token, 'Thu, 01 Jan 1970 00:50:00 GMT'), 600_000);
  assert.equal(lifeOf('opaque', undefined), 0);
  for (const [url, local] of Object.entries({
    'http://127.0.0.1:8080/': true,
    'http://[::1]/': true,
    'https://localhost/': false,
    'http://127.evil.org/': false,
  }))
    assert.equal(isLocal(new URL(url)), local, url);
});

test('the last words hold no secret, not even half of one, and nothing that moves a terminal', () => {
  const text = [
    'GET https://h/x?sig=abc123 Authorization: Bearer abcdefgh.ijk',
    'api_key="0123456789" HF hf_abcdefgh123 https://me:secret@host/',
    '\u001b[31mred\u001b[0m\rnext\u0007',
  ].join('\n');
  assert.equal(
    redacted(text),
    [
      'GET https://h/x?*** Authorization: Bearer ***',
      'api_key="***" HF hf_*** https://***@host/',
      'red\nnext',
    ].join('\n'),
  );
  assert.equal(lastWords(Buffer.from('half-a-token\nwhole line\n'), true), 'whole line');
  assert.equal(lastWords(Buffer.from('one line'), true), 'one line');
});

test('the setting of the child follows the terminal', () => {
  //                  state ppid group session terminal foreground
  assert.equal(settingOf(['S', '1', '40', '40', '0', '-1']), 'apart');
  assert.equal(settingOf(['S', '1', '40', '30', '34816', '40']), 'foreground');
  assert.equal(settingOf(['S', '1', '40', '30', '34816', '30']), 'background');
});

test('a progress file may be of any trainer', () => {
  assert.deepEqual(progressOf({ global_step: 3, max_steps: 9, message: 'epoch 1', loss: 0.1 }), {
    step: 3,
    of: 9,
    note: 'epoch 1',
  });
  assert.deepEqual(progressOf({ progress: 42, step: 'x', fraction: 0.5 }), { fraction: 0.5 });
  assert.equal(progressOf({ progress: 42 }), undefined);
  assert.equal(progressOf(null), undefined);
});

describe('the command line', () => {
  test('knows durations and sizes', () => {
    assert.deepEqual(['500ms', '10s', '1.5m', '7d', '10', '-1s', '1y'].map(millisecondsOf), [
      500,
      10_000,
      90_000,
      604_800_000,
      undefined,
      undefined,
      undefined,
    ]);
    assert.deepEqual(['4k', '1M', '512', 'x'].map(bytesOf), [4_096, 1_048_576, 512, undefined]);
  });

  test('leaves everything after -- to the command', () => {
    const command = parse(['exec', '--job', 'j', '--tail', '4k', '--', 'sh', '--', '--job', 'k']);
    assert.ok(command.verb === 'exec');
    assert.deepEqual(command.options.command, ['sh', '--', '--job', 'k']);
    assert.equal(command.flags.job, 'j');
    assert.equal(command.options.tailBytes, 4_096);
  });

  test('names what is wrong with it', () => {
    const cases: [string, RegExp][] = [
      ['exec --job j true', /one word too many; write the command after --/],
      ['exec --job j --', /no command/],
      ['exec --jobb j -- true', /Unknown option '--jobb'/],
      ['exec --grace 10 -- true', /--grace: a duration/],
      ['exec --on-ended die -- true', /continue or stop/],
      ['progress 42%', /a fraction from 0 to 1/],
      ['progress', /say how far/],
      ['end done', /completed, failed or cancelled/],
      ['checkpoint', /URI/],
      ['beat --exit-code 3', /Unknown option/],
      ['launch', /no such command/],
    ];
    for (const [line, problem] of cases) assert.throws(() => parse(line.split(' ')), problem, line);
  });
});

test('an outbox in /tmp that somebody else has put there is neither read nor written', (t) => {
  const dir = `/tmp/nightshift-${4_000_000_000 + process.pid}`;
  checkOwner(dir);
  symlinkSync(freshFolder(), dir);
  t.after(() => rmSync(dir, { force: true }));
  assert.throws(() => checkOwner(dir), /is no folder/);
});

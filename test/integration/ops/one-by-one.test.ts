import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { type Alarm, alarmId } from '../../../functions/shared/model/run/alarm.ts';
import type { Outcome } from '../../../functions/shared/model/run/outcomes.ts';
import { runSchema } from '../../../functions/shared/model/run/run.ts';
import { healthOf } from '../../support/health.ts';
import { ops } from '../../support/ops.ts';
import { freshProject, settingsFile } from './fresh-project.ts';

const COLLECT = 'collect-metrics';
const SWEEP = 'sweep-stale-jobs';
const at = (text: string) => new Date(`2026-01-${text}Z`);

function runRecord(task: string, name: string, startedAt: Date, outcome: Outcome, more: object = {}) {
  return runSchema.parse({
    runId: `${task}@${name}`,
    task,
    trigger: 'manual',
    slot: null,
    whole: true,
    dryRun: false,
    body: {},
    attempt: 1,
    token: 't',
    outcome,
    startedAt,
    endedAt: new Date(startedAt.getTime() + 2_000),
    durationMs: 2_000,
    leaseExpiresAt: null,
    deadlineAt: null,
    summary: {},
    problems: [],
    error: null,
    attempts: [],
    duplicates: 0,
    expireAt: null,
    ...more,
  });
}

function alarmRecord(subject: string, kind: Alarm['kind'], brokenAt: Date): Alarm {
  const id = alarmId({ subject, kind, brokenAt });
  const since = { brokenAt, openedAt: brokenAt, closedAt: null, closedBecause: null };
  return {
    id,
    subject,
    kind,
    message: `${subject} fails since 2026-01-01T02:00:00.000Z`,
    ...since,
    runId: null,
  };
}

describe('ops shows records one by one', () => {
  const project = freshProject();
  const failing = alarmRecord(COLLECT, 'failing', at('01T02:00:00'));
  const NIGHTSHIFT_SETTINGS = settingsFile({
    jobs: {
      collection: 'jobs',
      fields: {
        status: 'state',
        startedAt: { path: 'start', type: 'timestamp' },
        endedAt: { path: 'end', type: 'timestamp' },
      },
      statuses: { RUNNING: 'running', DONE: 'completed', FAILED: 'failed', STOPPED: 'cancelled' },
    },
  });
  const run = (...args: string[]) => project.ops(args, { env: { NIGHTSHIFT_SETTINGS } });

  before(async () => {
    const { db } = project;
    const error = {
      name: 'TypeError',
      message: 'no answer',
      stack: 'TypeError: no answer\n    at ask (a.ts:1:2)',
    };
    const runs = [
      runRecord(COLLECT, '2026-01-02T02:00:00.000Z', at('02T02:00:00'), 'partial', {
        problems: [{ path: 'sources.jobs', message: 'no answer within 60 s' }],
      }),
      runRecord(COLLECT, 'manual-12ab', at('01T09:00:00'), 'failed', { error }),
      runRecord(SWEEP, 'manual-12cd', at('02T09:00:00'), 'succeeded'),
    ];
    for (const one of runs) await db.doc(`taskRuns/${one.runId}`).set(one);
    const last = { runId: runs[0]?.runId ?? '', outcome: 'partial' as const, startedAt: at('02T02:00:00') };
    await db.doc(`tasks/${COLLECT}`).set(
      healthOf({
        task: COLLECT,
        nextExpectedAt: new Date('2100-01-01T02:00:00Z'),
        lastOutcome: 'partial',
        consecutiveFailures: 0,
        openAlarms: [failing.id],
        strip: [{ ...last, durationMs: 2_000 }],
      }),
    );
    await db.doc(`alarms/${failing.id}`).set(failing);
    for (const id of ['resnet-1-a', 'resnet-1-b', 'bert-1'])
      await db.doc(`jobs/${id}`).set({ state: 'DONE', start: at('01T00:00:00'), end: at('02T00:00:00') });
  });
  after(() => project.end());

  test('runs of all tasks, the newest first', async () => {
    const all: { runId: string }[] = JSON.parse((await run('runs', '--json')).stdout);
    assert.deepEqual(
      all.map(({ runId }) => runId),
      [`${SWEEP}@manual-12cd`, `${COLLECT}@2026-01-02T02:00:00.000Z`, `${COLLECT}@manual-12ab`],
    );
    const since = JSON.parse((await run('runs', '--since', '2026-01-02', '--json')).stdout);
    assert.equal(since.length, 2);
  });

  test('a run whole, by the beginning of its id, with its error and stack', async () => {
    const { code, stdout } = await run('runs', '12a');
    assert.equal(code, 0);
    assert.match(stdout, /^collect-metrics@manual-12ab {2}failed\n/);
    assert.match(stdout, /\n {2}Started {5}2026-01-01 09:00:00Z, /);
    assert.match(stdout, /\nTypeError: no answer\n {2}at ask \(a\.ts:1:2\)\n$/);
    const partial = await run('runs', `${COLLECT}@2026-01-02`);
    assert.match(partial.stdout, /\n {2}Partial {5}sources\.jobs: no answer within 60 s\n/);
  });

  test('an ambiguous id lists its candidates, an unknown one says so', async () => {
    const several = await run('runs', '12');
    assert.equal(several.code, 2);
    assert.match(
      several.stderr,
      /^Several runs begin with 12: .*\n {2}\S+@manual-12ab\n {2}\S+@manual-12cd\n$/,
    );
    const none = await run('runs', 'manual-99');
    assert.equal(none.code, 1);
    assert.match(none.stderr, /^There is no run manual-99 in .*, and no such task \(known: /);
    const typo = await run('runs', 'collect-metric');
    assert.equal(typo.code, 0, 'the beginning of one task');
    assert.equal((await run('runs', 'colect-metrics')).code, 2);
  });

  test('why a task is degraded, in tasks, health and doctor', async () => {
    const why = 'the last run was partial: sources.jobs: no answer within 60 s';
    for (const command of ['tasks', 'health', 'doctor']) {
      const { stdout } = await run(command);
      assert.ok(stdout.includes(why), `${command}: ${stdout}`);
    }
  });

  test('one job, by the beginning of its id', async () => {
    const { code, stdout } = await run('jobs', 'bert');
    assert.equal(code, 0);
    assert.match(stdout, /^bert-1 {2}DONE\n/);
    assert.match(stdout, /\n {2}Record {6}jobs\/bert-1, of source jobs\n/);
    assert.match(stdout, /npm run -s ops -- why jobs\/bert-1\n$/);
    const several = await run('jobs', 'resnet-1');
    assert.equal(several.code, 2);
    assert.match(
      several.stderr,
      /^Several jobs begin with resnet-1: .*\n {2}jobs\/resnet-1-a\n {2}jobs\/resnet-1-b\n$/,
    );
    assert.equal((await run('jobs', 'nope')).code, 1);
  });

  test('one alarm, and closes it by hand, once', async () => {
    const { stdout } = await run('alarms', 'collect');
    assert.match(stdout, /^failing {2}collect-metrics:failing:2026-01-01T02:00:00\.000Z\n/);
    assert.match(stdout, /\n {2}Says {8}collect-metrics fails since 2026-01-01 02:00:00Z\n/);
    await mutes();
    const closed = await run('alarms', 'close', 'collect-metrics:f', '--reason', 'the API is retired');
    assert.equal(closed.code, 0, closed.stderr);
    const { openAlarms } = (await project.db.doc(`tasks/${COLLECT}`).get()).data() ?? {};
    assert.deepEqual(openAlarms, []);
    const alarm = (await project.db.doc(`alarms/${failing.id}`).get()).data() as Alarm;
    assert.ok(alarm.closedAt);
    assert.match(alarm.closedBecause ?? '', /^the API is retired \(\S+ on \S+\)$/);
    const again = await run('alarms', 'close', failing.id, '--reason', 'x');
    assert.deepEqual([again.code, /closed already/.test(again.stderr)], [1, true]);
    assert.match((await run('alarms', '--since', '1d')).stdout, /closed because the API is retired/);
    const late = await run('alarms', 'mute', failing.id, '--for', '1h', '--reason', 'x');
    assert.deepEqual([late.code, /closed already/.test(late.stderr)], [1, true]);
  });

  /** Mutes the open alarm, and ends that. */
  async function mutes() {
    const loud = JSON.parse((await run('health', '--json')).stdout).wrong;
    const muted = await run('alarms', 'mute', 'collect-metrics:f', '--for', '8h', '--reason', 'it is known');
    assert.equal(muted.code, 0, muted.stderr);
    assert.match(muted.stdout, /^muted collect-metrics:failing:\S+ until .*Z by \S+ on \S+: it is known\n$/);
    assert.match((await run('alarms')).stdout, /muted until .*\n.*fails since.*\n/);
    const health = JSON.parse((await run('health', '--json')).stdout);
    assert.ok(loud.includes('1 open alarm') && !health.wrong.includes('1 open alarm'), loud.join());
    assert.deepEqual([health.muted, health.alarms[0].mute.reason], [1, 'it is known']);
    assert.equal((await run('alarms', 'unmute', 'collect-metrics:f')).code, 0);
    const again = await run('alarms', 'unmute', 'collect-metrics:f');
    assert.deepEqual([again.code, /it is not muted/.test(again.stderr)], [1, true]);
    assert.deepEqual(JSON.parse((await run('health', '--json')).stdout).wrong, loud);
  }

  test('--project goes before the environment, and --watch shows it until Ctrl-C', async () => {
    const env = { GOOGLE_CLOUD_PROJECT: 'elsewhere', NIGHTSHIFT_SETTINGS };
    const there = await ops(['runs', '--json', '--project', project.project], { env });
    assert.equal(JSON.parse(there.stdout).length, 3);
    const stop = new AbortController();
    setTimeout(() => stop.abort(), 2_000);
    const watched = await ops(['runs', '--watch', '--project', project.project], {
      env,
      signal: stop.signal,
    });
    assert.equal(watched.code, 0);
    assert.match(watched.stdout, /manual-12cd[\s\S]*Ctrl-C ends it\n/);
    const both = await ops(['health', '--watch', '--json', '--project', project.project], { env });
    assert.equal(both.code, 2);
  });
});

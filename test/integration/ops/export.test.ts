import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { alarmId } from '../../../functions/shared/model/run/alarm.ts';
import { newRun, scheduledRunId } from '../../../functions/shared/model/run/run.ts';
import { writeDocuments } from '../../support/firestore.ts';
import { MAPPING } from '../../support/sweeper.ts';
import { freshProject, settingsFile } from './fresh-project.ts';

const TASK = 'collect-metrics';
/** More than are read at once. */
const RUNS = 130;
const SINCE = '2026-01-01';
const at = (minutes: number) => new Date(Date.parse('2026-01-02T00:00:00Z') + minutes * 60_000);

function runOf(minutes: number) {
  const startedAt = at(minutes);
  const runId = scheduledRunId(TASK, startedAt);
  const named = {
    runId,
    task: TASK,
    trigger: 'scheduled',
    slot: startedAt,
    whole: true,
    dryRun: false,
    body: {},
  } as const;
  const error = { name: 'Error', message: '=HYPERLINK("x"),\nmore', stack: '' };
  const attempt = {
    attempt: 1,
    token: 't',
    startedAt,
    endedAt: startedAt,
    outcome: 'failed',
    error,
  } as const;
  return [runId, newRun(named, attempt)] as const;
}

describe('ops export', () => {
  const project = freshProject();
  before(async () => {
    const { db } = project;
    await writeDocuments(
      db,
      'taskRuns',
      Array.from({ length: RUNS }, (_, minutes) => runOf(minutes)),
    );
    await db.doc('taskRuns/odd').set({ task: TASK, startedAt: at(0) });
    for (const closedAt of [null, at(5), new Date('2020-01-01T00:00:00Z')]) {
      const alarm = {
        subject: 'jobs',
        kind: 'overdue',
        brokenAt: closedAt ?? at(1),
        message: 'long',
      } as const;
      const id = alarmId(alarm);
      await db
        .doc(`alarms/${id}`)
        .set({ ...alarm, id, openedAt: at(1), closedAt, closedBecause: null, runId: null });
    }
    await db.doc('jobs/live').set({ status: 'running', startedAt: at(0), heartbeatAt: at(1) });
    await db.doc('jobs/over').set({ status: 'completed', startedAt: at(0), endedAt: at(1) });
  });
  after(() => project.end());

  const exported = async (...args: string[]) => {
    const env = { NIGHTSHIFT_SETTINGS: settingsFile({ jobs: MAPPING }) };
    const { code, stdout, stderr } = await project.ops(['export', ...args], { env });
    assert.equal(code, 0, stderr);
    return { stdout, stderr };
  };

  test('runs: every run once, the newest first; one that cannot be read is noted', async () => {
    const { stdout, stderr } = await exported('runs', '--format', 'ndjson', '--since', SINCE);
    const runs = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    assert.deepEqual(
      runs.map(({ startedAt }) => startedAt),
      Array.from({ length: RUNS }, (_, n) => at(RUNS - 1 - n).toISOString()),
    );
    assert.match(stderr, /1 record cannot be read, such as taskRuns\/odd/);
  });

  test('runs as CSV: no error of a run becomes a formula, nor a line', async () => {
    const { stdout } = await exported('runs', '--since', SINCE);
    const [header = '', first = '', ...rest] = stdout.split('\r\n');
    assert.match(header, /^runId,task,trigger,/);
    assert.match(first, /"'=HYPERLINK\(""x""\),"/);
    assert.equal(rest.length, RUNS);
  });

  test('alarms: the open ones, and those closed since', async () => {
    const alarms = JSON.parse((await exported('alarms', '--json', '--since', SINCE)).stdout);
    assert.deepEqual(
      alarms.map(({ closedAt }: { closedAt: string }) => closedAt),
      [null, at(5).toISOString()],
    );
  });

  test('jobs: those that have not ended', async () => {
    const { stdout } = await exported('jobs', '--format', 'ndjson');
    assert.equal(JSON.parse(stdout).job, 'live');
  });

  test('days: one that is not stored is missing', async () => {
    const days = JSON.parse((await exported('days', '--json', '--since', '3d')).stdout);
    assert.deepEqual(new Set(days.map(({ status }: { status: string }) => status)), new Set(['missing']));
  });

  test('anything else is refused, naming what there is', async () => {
    const { code, stderr } = await project.ops(['export', 'job']);
    assert.equal(code, 2);
    assert.match(stderr, /did you mean jobs\?/);
  });
});

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { DAY_MS, MINUTE_MS, SECOND_MS } from '../../../functions/shared/dates.ts';
import { runnerLogs } from '../../../functions/shared/store/own/runner-logs.ts';
import { uidOf } from '../../../scripts/stack/stand-ins/google/executions.ts';
import { recordedLog } from '../../support/google.ts';
import { build, customJob, EAST, execution, freshObserver, logged, WEST } from '../../support/observer.ts';
import { noon } from '../../support/workloads.ts';

const ENDED = { endedAt: noon(-1) };
const FAILED = { ...ENDED, state: 'failed' } as const;
/** Something that goes wrong in Python. */
const TRACEBACK = [
  'Traceback (most recent call last):',
  '  File "/app/main.py", line 15, in <module>',
  "KeyError: 'shard'",
].join('\n');

type Observer = Awaited<ReturnType<typeof freshObserver>>;

/** What a row says of its end. */
async function toldOf(observer: Observer, table: 'builds' | 'runner' | 'vertex') {
  const { rows } = await observer.stored(table);
  return rows.map(({ name, reason, note, jobs }) => ({
    name,
    line: reason?.line,
    category: reason?.category,
    note,
    jobs,
  }));
}

describe('why a workload ended', () => {
  test('is read from its log once, by whichever instance', async (context) => {
    const observer = await freshObserver(context);
    observer.world.executions = [execution('agent-a', FAILED)];
    observer.world.logs = [logged('agent-a', TRACEBACK)];
    await observer.refresh();
    const [row] = await toldOf(observer, 'runner');
    assert.match(row?.line ?? '', /KeyError: 'shard'/);
    assert.deepEqual([row?.category, row?.note], ['python', null]);
    assert.equal(observer.logReads(), 1);
    for (const restarts of [false, true]) {
      if (restarts) observer.restart();
      observer.pass(5 * MINUTE_MS);
      await observer.refresh();
    }
    assert.equal(observer.logReads(), 1);
    const [end] = await observer.ends();
    assert.deepEqual(
      [end?.log, end?.tail.at(-1), end?.expireAt],
      ['read', "KeyError: 'shard'", new Date(noon().getTime() + 90 * DAY_MS)],
    );
  });

  test('is kept for the sweep, which reads the log itself where it is not', async (context) => {
    const observer = await freshObserver(context);
    const [told, silent] = [execution('agent-a', FAILED), execution('agent-b', FAILED)];
    observer.world.executions = [told, silent];
    observer.world.logs = [logged('agent-a', TRACEBACK)];
    await observer.refresh();
    const { log, lines } = recordedLog();
    const kept = runnerLogs(observer.collections, log);
    const [read, empty] = await Promise.all(
      [told, silent].map((each) => kept.linesOf({ region: WEST, uid: uidOf(each) })),
    );
    assert.deepEqual([read?.at(-1), empty], ["KeyError: 'shard'", null]);
    assert.equal(await kept.linesOf({ region: EAST, uid: uidOf(told) }), null);
    await observer.collections.workloadEnds.doc(`runner~${WEST}~odd`).set({ tail: 'none of ours' });
    assert.equal(await kept.linesOf({ region: WEST, uid: 'odd' }), null);
    assert.match(lines.map((line) => String(line.message)).join(), /Cannot read workloadEnds\/runner~/);
  });

  test('needs no log where the platform says it', async (context) => {
    const observer = await freshObserver(context);
    observer.world.customJobs = [
      customJob('1', {
        ...ENDED,
        state: 'JOB_STATE_FAILED',
        error: 'Replicas low on memory: workerpool0. Specify a machine with larger memory.',
      }),
      customJob('2', { ...ENDED, state: 'JOB_STATE_CANCELLED' }),
      customJob('3', { ...ENDED, state: 'JOB_STATE_SUCCEEDED' }),
    ];
    observer.world.executions = [
      execution('agent-a', {
        ...FAILED,
        message:
          'Task agent-a-task0 failed with exit code: 0 and message: The configured memory limit was reached.',
      }),
    ];
    await observer.refresh();
    const told = await toldOf(observer, 'vertex');
    assert.deepEqual(told.map(({ name, category }) => [name, category]).sort(), [
      ['train-1', 'oom'],
      ['train-2', 'cancelled'],
      ['train-3', undefined],
    ]);
    assert.deepEqual(
      (await toldOf(observer, 'runner')).map(({ category }) => category),
      ['oom'],
    );
    assert.equal(observer.logReads(), 0);
  });

  test('a log that is still empty is read again, and at last there was no output', async (context) => {
    const observer = await freshObserver(context);
    observer.world.executions = [execution('agent-a', FAILED)];
    const reads: number[] = [];
    for (const wait of [0, 20 * SECOND_MS, 2 * MINUTE_MS, 10 * MINUTE_MS, 60 * MINUTE_MS]) {
      observer.pass(wait);
      await observer.refresh();
      reads.push(observer.logReads());
    }
    assert.deepEqual(reads, [1, 2, 3, 4, 4]);
    const [row] = await toldOf(observer, 'runner');
    assert.equal(row?.category, 'unknown');
    assert.equal(row?.note, null);
  });

  test('entries that come late are found', async (context) => {
    const observer = await freshObserver(context);
    observer.world.executions = [execution('agent-a', FAILED)];
    await observer.refresh();
    assert.equal((await toldOf(observer, 'runner'))[0]?.note, 'no output yet');
    observer.world.logs = [logged('agent-a', TRACEBACK)];
    observer.pass(20 * SECOND_MS);
    await observer.refresh();
    assert.match((await toldOf(observer, 'runner'))[0]?.line ?? '', /KeyError/);
  });

  test('a log that is not whole yet is read once more, later, and what it said is kept', async (context) => {
    const observer = await freshObserver(context);
    observer.world.executions = [execution('agent-a', FAILED), execution('agent-b', FAILED)];
    observer.world.logs = [logged('agent-a', 'reading shards'), logged('agent-b', 'reading files')];
    const reads: number[] = [];
    for (const wait of [0, 30 * SECOND_MS, 2 * MINUTE_MS, 60 * MINUTE_MS]) {
      observer.pass(wait);
      await observer.refresh();
      reads.push(observer.logReads());
      observer.world.logs = [logged('agent-a', `reading shards\n${TRACEBACK}`)];
    }
    assert.deepEqual(reads, [2, 2, 4, 4]);
    const lines = (await toldOf(observer, 'runner')).map(({ line = '' }) => line);
    assert.match(lines[0] ?? '', /KeyError/);
    assert.match(lines[1] ?? '', /no reason in the log/);
  });

  test('an error that Vertex AI sets a minute after the end is the reason then', async (context) => {
    const observer = await freshObserver(context);
    const failed = { ...ENDED, state: 'JOB_STATE_FAILED' };
    observer.world.customJobs = [customJob('1', failed)];
    await observer.refresh();
    observer.world.customJobs = [
      customJob('1', { ...failed, error: 'Replicas low on memory: workerpool0.' }),
    ];
    observer.pass(MINUTE_MS);
    await observer.refresh();
    assert.match((await toldOf(observer, 'vertex'))[0]?.line ?? '', /low on memory/);
  });

  test('a log that cannot be read is never the reason, and is read as soon as it may be', async (context) => {
    const observer = await freshObserver(context);
    observer.world.executions = [execution('agent-a', FAILED)];
    observer.world.logs = [logged('agent-a', TRACEBACK)];
    const restore = observer.apis.faults.add({ method: 'entries.list', fault: { kind: 'denied' } });
    const { logs } = await observer.refresh();
    assert.equal(logs.unreadable, 1);
    const [row] = await toldOf(observer, 'runner');
    assert.match(row?.note ?? '', /^log not read: .*logging\.logEntries\.list/);
    assert.notEqual(row?.category, 'permission');
    restore();
    observer.pass(MINUTE_MS);
    await observer.refresh();
    assert.match((await toldOf(observer, 'runner'))[0]?.line ?? '', /KeyError/);
  });

  test('what a log says that is kept has no secrets', async (context) => {
    const observer = await freshObserver(context);
    observer.world.executions = [execution('agent-a', FAILED)];
    const secret = 'hf_abcdefghijklmnopqrstuvwxyz';
    observer.world.logs = [logged('agent-a', `${TRACEBACK}\nRuntimeError: token=${secret} refused`)];
    await observer.refresh();
    const stored = JSON.stringify([await observer.ends(), await observer.stored('runner')]);
    assert.ok(!stored.includes(secret), stored);
  });
});

describe('a runner that ended well', () => {
  test('says how many jobs it ran, all of them in one reading', async (context) => {
    const observer = await freshObserver(context);
    observer.world.executions = ['a', 'b', 'c'].map((id) => execution(id, { ...ENDED, state: 'succeeded' }));
    observer.world.logs = [
      logged('a', 'Job submitted! (Runs: 2)', -9),
      logged('a', '• Runs: 5'),
      logged('b', 'Runs: 0'),
    ];
    await observer.refresh();
    const told = await toldOf(observer, 'runner');
    assert.deepEqual(told.map(({ name, jobs }) => [name, jobs]).sort(), [
      ['a', 5],
      ['b', 0],
      ['c', null],
    ]);
    assert.match(told.find(({ name }) => name === 'a')?.line ?? '', /Completed: 5 jobs/);
    assert.equal(observer.logReads(), 1);
  });
});

describe('many ends at once', () => {
  test('cost at most the readings of a minute, the newest first, and the others come later', async (context) => {
    const observer = await freshObserver(context, { settings: { logReadsPerMinute: 4 } });
    observer.world.builds = Array.from({ length: 9 }, (_, index) =>
      build(`b${index}`, {
        status: 'FAILURE',
        detail: 'build step 1 "docker" failed: step exited with non-zero status: 1',
        endedAt: noon(-index - 1),
      }),
    );
    observer.world.logs = Array.from({ length: 9 }, (_, index) => ({
      build: `b${index}`,
      at: noon(-index - 1),
      severity: 'ERROR' as const,
      payload: TRACEBACK,
    }));
    const { logs } = await observer.refresh();
    assert.deepEqual([observer.logReads(), logs.read, logs.waiting], [4, 4, 5]);
    const read = (await observer.ends()).filter(({ log }) => log === 'read').map(({ id }) => id);
    assert.deepEqual(read.sort(), ['b0', 'b1', 'b2', 'b3']);
    observer.pass(30 * SECOND_MS);
    await observer.refresh();
    assert.equal(observer.logReads(), 4, 'a minute is not over');
    observer.pass(31 * SECOND_MS);
    await observer.refresh();
    assert.equal(observer.logReads(), 8);
  });

  test('a log that hangs holds up no other, and no row', async (context) => {
    const observer = await freshObserver(context, { hangs: true });
    observer.world.executions = ['a', 'b', 'c'].map((id) => execution(id, FAILED));
    observer.world.logs = ['a', 'b', 'c'].map((id) => logged(id, TRACEBACK));
    observer.apis.faults.add({ method: 'entries.list', query: '"b"', fault: { kind: 'hang' } });
    const { logs, hung } = await observer.refresh();
    assert.deepEqual([logs.read, logs.unreadable], [2, 1]);
    assert.deepEqual(
      hung.map(({ operation, region, stage }) => [operation, region, stage]),
      [['entries.list', WEST, 'connection']],
    );
  });

  test('ends that cannot be read are not taken for none', async (context) => {
    const observer = await freshObserver(context);
    observer.world.executions = [execution('agent-a', FAILED)];
    observer.world.logs = [logged('agent-a', TRACEBACK)];
    await observer.refresh();
    const [end] = (await observer.collections.workloadEnds.get()).docs;
    await end?.ref.update({ state: 7 });
    observer.restart();
    const { error } = await observer.refresh();
    assert.match(error ?? '', /^Cannot read the ends of workloads: .*workloadEnds/);
    assert.equal(observer.logReads(), 1);
    assert.match((await toldOf(observer, 'runner'))[0]?.line ?? '', /KeyError/, 'what was known stays');
  });
});

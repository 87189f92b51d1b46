import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Firestore, WriteBatch } from '@google-cloud/firestore';
import { observeWorkloads } from '../../../functions/observe-workloads/task.ts';
import { MINUTE_MS, SECOND_MS } from '../../../functions/shared/dates.ts';
import { InvalidRequest } from '../../../functions/shared/errors.ts';
import { answerInWords } from '../../../scripts/words/answer.ts';
import { build, customJob, EAST, execution, freshObserver, logged, WEST } from '../../support/observer.ts';
import { SOAK_ONLY } from '../../support/soak.ts';
import { taskRuns } from '../../support/task-runs.ts';
import { noon } from '../../support/workloads.ts';

type Observer = Awaited<ReturnType<typeof freshObserver>>;

/** Runs of the task over the tables of an observer. */
function runsOf(observer: Observer) {
  const { deliver } = taskRuns('observe-workloads', { db: observer.db, now: observer.now });
  return { run: (body = {}) => deliver(observeWorkloads(observer.tools()), body) };
}

/** Counts the documents that are written through `db`. */
function countWrites(db: Firestore): () => number {
  let count = 0;
  const batch = db.batch.bind(db);
  db.batch = () => {
    const made: WriteBatch = batch();
    for (const name of ['create', 'set', 'update', 'delete'] as const) {
      const write = made[name].bind(made) as (...given: unknown[]) => WriteBatch;
      Object.assign(made, {
        [name]: (...given: unknown[]) => {
          count += 1;
          return write(...given);
        },
      });
    }
    return made;
  };
  return () => count;
}

describe('a run of observe-workloads', () => {
  test('succeeds where every region answered, and says what it saw', async (context) => {
    const observer = await freshObserver(context);
    observer.world.executions = [execution('a'), execution('b', { state: 'failed', endedAt: noon(-1) })];
    observer.world.logs = [logged('b', 'train.py: error: unrecognized arguments: --bf16x')];
    const answer = await runsOf(observer).run();
    assert.equal(answer.outcome, 'succeeded', JSON.stringify(answer));
    const lines = answerInWords(answer).join('\n');
    assert.match(
      lines,
      /Builds +none in 3 regions\n +Runner +1 running, 1 failed in 2 regions\n +Vertex AI +none in 2 regions\n +Logs +1 read/,
    );
    assert.ok(!lines.includes('workloadTables'), lines);
  });

  test('is partial where a region gave no answer, and names it with its error and the call that hung', async (context) => {
    const observer = await freshObserver(context, { hangs: true });
    observer.apis.faults.add({ api: 'aiplatform', region: WEST, fault: { kind: 'hang' } });
    observer.apis.faults.add({ api: 'run', region: EAST, fault: { kind: 'denied' } });
    const { outcome, problems, summary } = await runsOf(observer).run();
    assert.equal(outcome, 'partial');
    assert.deepEqual(
      problems.map(({ path }) => path),
      [`runner/${EAST}`, `vertex/${WEST}`],
    );
    assert.match(
      problems[0]?.message ?? '',
      /missing permission: run\.executions\.list; without an answer since 2026-11-21T12:00/,
    );
    assert.match(problems[1]?.message ?? '', /at connection; without an answer since/);
    const lines = answerInWords({ task: 'observe-workloads', outcome, summary }).join('\n');
    assert.match(lines, new RegExp(`No answer +runner: ${EAST}; vertex: ${WEST}\n`));
    assert.match(lines, new RegExp(`Gave up +vertex: customJobs.list \\(${WEST}\\), at connection`));
  });

  test('all regions silent at once are told in few words', async (context) => {
    const authorize = () => Promise.reject(new Error('no metadata server'));
    const observer = await freshObserver(context, { authorize });
    const { outcome, problems } = await runsOf(observer).run();
    assert.equal(outcome, 'partial');
    assert.match(problems[0]?.message ?? '', /^Cannot get an access token: no metadata server/);
    assert.ok(problems.length <= 9);
  });

  test('leaves it to the refresh that is under way, and does not fail for it', async (context) => {
    const observer = await freshObserver(context);
    await observer.tools().store.begin('viewer', observer.now(), 0);
    const answer = await runsOf(observer).run();
    assert.equal(answer.outcome, 'succeeded');
    assert.match(answerInWords(answer).join('\n'), /another refresh for a viewer was under way/);
  });

  test('asks nothing where the settings name no table', async (context) => {
    const observer = await freshObserver(context, {
      settings: { builds: undefined, runner: undefined, vertex: undefined },
    });
    const answer = await runsOf(observer).run();
    assert.equal(answer.outcome, 'succeeded');
    assert.match(answerInWords(answer).join('\n'), /no workload table is named in the settings/);
    assert.equal(observer.apis.requests().length, 0);
  });

  test('that is dry asks the tables, reads no log and writes no record of its own', async (context) => {
    const observer = await freshObserver(context);
    observer.world.customJobs = [customJob('1')];
    await observer.refresh();
    observer.world.customJobs = [];
    observer.world.executions = [execution('b', { state: 'failed', endedAt: noon(-1) })];
    const before = await observer.record();
    const answer = await runsOf(observer).run({ dryRun: true });
    const lines = answerInWords(answer).join('\n');
    assert.match(
      lines,
      /\(dry run: nothing was written\)\n.*\n +Runner +1 failed in 2 regions\n.*\n +Logs +1 for the next refresh/,
    );
    assert.deepEqual(await observer.record(), before);
    assert.deepEqual([(await observer.stored('vertex')).rows.length, observer.logReads()], [1, 0]);
    assert.deepEqual(await observer.ends(), []);
  });

  test('takes no other key', async (context) => {
    const observer = await freshObserver(context);
    await assert.rejects(runsOf(observer).run({ table: 'builds' }), InvalidRequest);
  });

  test('costs at most 80 writes an hour, runs and all, where little happens', async (context) => {
    const observer = await freshObserver(context);
    observer.world.builds = [build('b1')];
    observer.world.customJobs = [customJob('1')];
    const { run } = runsOf(observer);
    await run();
    const writes = countWrites(observer.db);
    for (let slot = 1; slot <= 12; slot += 1) {
      observer.pass(5 * MINUTE_MS);
      if (slot === 6) observer.world.builds = [build('b1', { status: 'SUCCESS', endedAt: observer.now() })];
      await run();
    }
    assert.ok(writes() <= 80, String(writes()));
    assert.ok(writes() >= 12, String(writes()));
  });

  test(
    'an hour of a viewer beside the schedule costs at most 400, with an end every few minutes',
    SOAK_ONLY,
    async (context) => {
      const observer = await freshObserver(context, { limits: { apartMs: 25 * SECOND_MS } });
      const { run } = runsOf(observer);
      await run();
      const writes = countWrites(observer.db);
      for (let count = 1; count <= 120; count += 1) {
        observer.pass(30 * SECOND_MS);
        const at = observer.now();
        if (count % 10 === 0)
          observer.world.executions.push(
            execution(`e${count}`, { state: 'failed', createdAt: at, endedAt: at }),
          );
        await Promise.all([observer.tryRefresh('viewer'), ...(count % 10 === 0 ? [run()] : [])]);
      }
      context.diagnostic(`${writes()} writes, ${observer.logReads()} readings of logs`);
      assert.ok(writes() <= 400, String(writes()));
      assert.ok(writes() >= 240, String(writes()));
    },
  );
});

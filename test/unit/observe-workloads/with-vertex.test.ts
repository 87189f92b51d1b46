import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { isFromVertex, withVertex } from '../../../functions/observe-workloads/rules/with-vertex.ts';
import type { Row, StoredReason } from '../../../functions/shared/model/workload/row.ts';
import { merged } from '../../../functions/shared/model/workload/snapshot.ts';
import { answered, failedRow, hung, noon, row, vertexSnapshot } from '../../support/workloads.ts';

const PLACE = 'acme/vision';
const REGION = 'europe-west4';
const OOM: StoredReason = { line: 'CUDA out of memory', category: 'gpu', source: 'error', rule: 'cuda-oom' };
const crashed = (given: Partial<Row> = {}) => failedRow('r1', { said: 'crashed', ...given });
const jobOf = (given: Partial<Row> = {}) => row('7', { wandbRun: 'r1', ...given });
const failedJob = (given: Partial<Row> = {}) => failedRow('7', { wandbRun: 'r1', reason: OOM, ...given });

/** What is said of a run at noon, and whether that is remembered, where Vertex AI has those jobs. */
function told(
  run: Row,
  jobs: readonly Row[],
  { at = noon(), vertex = vertexSnapshot([answered(REGION, jobs)]).snapshot } = {},
) {
  const completed = merged(null, { table: 'completed', places: [PLACE], tookMs: 1 }, [
    answered(PLACE, [run]),
  ]);
  const [after] = withVertex([completed.snapshot, vertex], at);
  const [found = assert.fail()] = after?.rows ?? [];
  return [found.reason?.line, found.reason?.category, isFromVertex(found)];
}

describe('what Vertex AI knows of a run of W&B', () => {
  test('is that it still runs', () => {
    const running = ['crashed, but Vertex AI still runs it', 'unknown', false];
    assert.deepEqual(told(crashed(), [jobOf()]), running);
    assert.deepEqual(told(crashed({ reason: OOM }), [jobOf()]), running, 'whatever the console says');
    for (const said of ['failed', 'preempted'])
      assert.equal(told(crashed({ said }), [jobOf()])[0], undefined);
    const other = [jobOf({ wandbRun: 'r2' }), jobOf({ id: '8', wandbRun: null })];
    assert.equal(told(crashed(), other)[0], undefined);
  });

  test('is why it failed, where the run does not know itself', () => {
    assert.deepEqual(told(crashed(), [failedJob()]), ['crashed: CUDA out of memory (Vertex)', 'gpu', true]);
    assert.deepEqual(
      told(crashed({ said: 'failed' }), [failedJob()])[0],
      'failed: CUDA out of memory (Vertex)',
    );
    const own: StoredReason = {
      line: "KeyError: 'shard'",
      category: 'python',
      source: 'log',
      rule: 'exception',
    };
    assert.equal(told(crashed({ reason: own }), [failedJob()])[0], own.line);
    const unknown = { ...OOM, category: 'unknown' };
    assert.equal(told(crashed(), [failedJob({ reason: unknown })])[0], undefined);
    const long = failedJob({ reason: { ...OOM, line: `CUDA out of memory: ${'x'.repeat(200)}` } });
    const [line] = told(crashed(), [long]);
    assert.ok(String(line).length <= 160 && String(line).endsWith(' (Vertex)'), String(line));
  });

  test('is what the newest of its jobs says', () => {
    const before = failedJob({ id: '6', createdAt: noon(-90) });
    assert.equal(told(crashed(), [before, jobOf()])[0], 'crashed, but Vertex AI still runs it');
    assert.equal(told(crashed(), [jobOf({ createdAt: noon(-90) }), failedJob()])[1], 'gpu');
  });

  test('is nothing of a job that lived at another time, as of a run of another project with its id', () => {
    const run = crashed({ startedAt: noon(-60), endedAt: noon(-30) });
    const jobs: [Partial<Row>, boolean][] = [
      [{ createdAt: noon(-70), endedAt: noon(-28) }, true],
      [{ createdAt: noon(-25), endedAt: null }, true],
      [{ createdAt: noon(-15), endedAt: noon(-5) }, false],
      [{ createdAt: noon(-200), endedAt: noon(-90) }, false],
    ];
    for (const [given, isOwn] of jobs)
      assert.equal(told(run, [failedJob(given)])[1] === 'gpu', isOwn, JSON.stringify(given));
    const [own, other] = [failedJob({ createdAt: noon(-70) }), jobOf({ id: '8', createdAt: noon(-5) })];
    assert.equal(told(run, [own, other])[1], 'gpu');
  });

  test('is nothing where its region was not seen lately', () => {
    const vertex = vertexSnapshot(
      [hung(REGION, noon(20))],
      vertexSnapshot([answered(REGION, [jobOf()])]).snapshot,
    ).snapshot;
    assert.equal(told(crashed(), [], { vertex, at: noon(5) })[1], 'unknown');
    assert.equal(told(crashed(), [], { vertex, at: noon(20) })[0], undefined);
  });
});

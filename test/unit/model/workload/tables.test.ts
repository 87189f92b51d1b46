import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { placesOf, tablesOf, workloadsSchema } from '../../../../functions/shared/model/workload/tables.ts';
import { parseWithProblems } from '../../../../functions/shared/problems.ts';

describe('the settings of the workload tables', () => {
  test('name no table by default, and 18 regions for those that are named', () => {
    const settings = workloadsSchema.parse({});
    assert.deepEqual([tablesOf(settings), settings.regions.length, settings.logReadsPerMinute], [[], 18, 20]);
  });

  test('builds are asked for in no region too', () => {
    const settings = workloadsSchema.parse({ regions: ['us-east1'], vertex: {}, builds: {} });
    assert.deepEqual(tablesOf(settings), ['builds', 'vertex']);
    assert.deepEqual(placesOf('builds', settings), ['global', 'us-east1']);
    assert.deepEqual(placesOf('vertex', settings), ['us-east1']);
  });

  test('a mistake in them is named', () => {
    const parsed = parseWithProblems(workloadsSchema, { runner: {}, vertx: {}, regions: ['mars-north1'] });
    assert.ok(!parsed.ok);
    assert.deepEqual(parsed.problems.map(({ path }) => path).sort(), ['regions.0', 'runner.job', 'vertx']);
  });
});

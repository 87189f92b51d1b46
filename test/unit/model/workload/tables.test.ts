import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { runLink, silentSince } from '../../../../functions/shared/model/workload/tables/wandb.ts';
import { placesOf, tablesOf, workloadsSchema } from '../../../../functions/shared/model/workload/tables.ts';
import { parseWithProblems } from '../../../../functions/shared/problems.ts';
import { noon } from '../../../support/workloads.ts';

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

  test('name W&B once for its two tables, which have projects in place of regions', () => {
    const wandb = { entity: 'acme', projects: ['vision', 'speech notes'] };
    const settings = workloadsSchema.parse({ wandb });
    assert.deepEqual(tablesOf(settings), ['completed', 'active']);
    assert.equal(settings.wandb?.baseUrl, 'https://api.wandb.ai');
    for (const table of tablesOf(settings))
      assert.deepEqual(placesOf(table, settings), ['acme/vision', 'acme/speech notes']);
    const wrong = [
      { ...wandb, baseUrl: 'http://wandb.acme.example' },
      { ...wandb, entity: 'acme/vision' },
      { ...wandb, projects: ['a/b'] },
      { ...wandb, projects: [] },
      { ...wandb, googleProject: 'acme' },
    ];
    for (const it of wrong)
      assert.ok(!parseWithProblems(workloadsSchema, { wandb: it }).ok, JSON.stringify(it));
  });
});

describe('a run of W&B', () => {
  test('has its page where the API is, but for that of W&B itself', () => {
    const link = (baseUrl: string, place = 'acme/speech notes') => runLink({ baseUrl }, place, 'r1');
    assert.equal(link('https://api.wandb.ai'), 'https://wandb.ai/acme/speech%20notes/runs/r1');
    assert.equal(
      link('https://wandb.acme.example/api', 'acme/vision'),
      'https://wandb.acme.example/acme/vision/runs/r1',
    );
  });

  test('is silent two minutes after its last beat, of which it sends two a minute', () => {
    assert.equal(silentSince(noon(-2), noon()), null);
    assert.deepEqual(silentSince(noon(-3), noon()), noon(-3));
    assert.equal(silentSince(null, noon()), null);
  });
});

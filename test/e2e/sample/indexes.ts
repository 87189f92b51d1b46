import assert from 'node:assert/strict';
import { test } from 'node:test';
import { askKeepers, askOurs, askSource } from '../../support/all-queries.ts';
import { deployedIn } from '../../support/deployed.ts';
import { type Index, indexesDeclared, indexesUsed, missingFrom } from '../../support/indexes.ts';
import { openTerraform, terraformMissing } from '../../support/terraform.ts';
import type { SampleWorld } from './world.ts';

/** What Terraform declares with the settings of the sample world. */
async function declared({ settings }: SampleWorld): Promise<Index[]> {
  const terraform = await openTerraform();
  try {
    const edits = { 'functions/settings.json': () => JSON.stringify(settings) };
    const args = ['test', '-json', '-verbose', '-filter=tests/permissions.tftest.hcl'];
    const secrets = { TF_VAR_wandb_secret: 'wandb-key' };
    const { code, stdout, output } = await terraform.edited(edits, () => terraform.run(args, secrets));
    assert.equal(code, 0, output);
    return indexesDeclared(deployedIn(stdout));
  } finally {
    terraform.stop();
  }
}

/** What the tasks, all of which have run, and every store have used of them. */
async function used({ settings, stack, db, project }: SampleWorld): Promise<Index[]> {
  const now = new Date();
  await askOurs(db, settings, 'collect-metrics', now);
  for (const [name, source] of Object.entries(settings.sources)) await askSource(db, name, source, now);
  await askKeepers(db, settings, 'evaluations', now);
  return indexesUsed(stack.emulatorHost, project);
}

/** The indexes that Terraform declares, after all that ever asks for one. */
export function needsIndexes(world: () => SampleWorld): void {
  const skip = terraformMissing();
  test('the indexes that Terraform declares are all that the queries of a whole world need', {
    skip,
  }, async (t) => {
    const [needed, made] = await Promise.all([used(world()), declared(world())]);
    assert.deepEqual(missingFrom(made, needed), [], 'missing from infra/indexes.tf');
    const unused = missingFrom(needed, made);
    t.diagnostic(
      `${needed.length} used of ${made.length} declared; never used: ${unused.join('; ') || 'none'}`,
    );
    // Firestore refuses to make an index twice.
    assert.equal(new Set(made.map((index) => JSON.stringify(index))).size, made.length);
    // Each of them is one that this test would miss.
    assert.ok(needed.length > 20, String(needed.length));
    for (const index of needed) {
      const others = made.filter((it) => missingFrom([index], [it]).length > 0);
      assert.deepEqual(missingFrom(others, needed), missingFrom([], [index]));
    }
  });
}

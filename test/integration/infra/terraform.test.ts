import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { freshFolder } from '../../support/folders.ts';
import { SOAK_ONLY } from '../../support/soak.ts';
import { openTerraform, terraformMissing } from '../../support/terraform.ts';

const SWEEP = 'sweep-stale-jobs';

/** An edit of the catalogue: one value of collect-metrics. */
const entry = (key: string, value: unknown) => (text: string) => {
  const catalog = JSON.parse(text);
  const { [key]: _, ...others } = catalog['collect-metrics'];
  const changed = value === undefined ? others : { ...others, [key]: value };
  return JSON.stringify({ ...catalog, 'collect-metrics': changed });
};
/** An edit of the catalogue: values of the sweep. */
const sweep = (values: object) => (text: string) => {
  const catalog = JSON.parse(text);
  return JSON.stringify({ ...catalog, [SWEEP]: { ...catalog[SWEEP], ...values } });
};
const replaced = (from: string | RegExp, to: string) => (text: string) => text.replace(from, to);
const same = { 'functions/catalog.json': (text: string) => `${text}\n` };

/** A test of Terraform's: what the alert of the sweep looks back for. */
function windowTest(range: number, duration: number): string {
  const condition =
    'google_monitoring_alert_policy.sweep_absent[0].conditions[0].condition_prometheus_query_language[0]';
  return `
    mock_provider "google" {}
    variables {
      project_id = "acme-platform"
    }
    run "window" {
      command = plan
      plan_options {
        target = [google_monitoring_alert_policy.sweep_absent]
      }
      assert {
        condition     = strcontains(${condition}.query, "[${range}s]") && ${condition}.duration == "${duration}s"
        error_message = "It is \${${condition}.query} for \${${condition}.duration}"
      }
    }`;
}

describe('infra/', { skip: terraformMissing() }, () => {
  let terraform: Awaited<ReturnType<typeof openTerraform>>;
  before(async () => {
    terraform = await openTerraform();
  });
  after(() => terraform?.stop());
  const catalogTests = () => terraform.run(['test', '-no-color', '-filter=tests/catalog.tftest.hcl']);

  test('is formatted', async () => {
    const { code, output } = await terraform.run(['fmt', '-check', '-diff', '-recursive', '-no-color']);
    assert.equal(code, 0, output);
  });

  test('is valid', async (t) => {
    t.diagnostic(`checked with ${terraform.provider}`);
    const { code, output } = await terraform.run(['validate', '-no-color']);
    assert.equal(code, 0, output);
  });

  test('deploys what its own tests say', async () => {
    const { code, output } = await terraform.edited(same, () => terraform.run(['test', '-no-color']));
    assert.equal(code, 0, output);
    assert.match(output, /Success! \d\d+ passed, 0 failed/);
  });

  test('has an example that is valid', async () => {
    const where = { cwd: join(terraform.folder, 'infra/examples/adopt-existing-project') };
    const data = { TF_DATA_DIR: freshFolder() };
    for (const args of [['init', '-input=false'], ['validate']]) {
      const { code, output } = await terraform.run([...args, '-no-color'], data, where);
      assert.equal(code, 0, output);
    }
  });

  for (const [what, file, edit, said] of [
    [
      'a typo in an argument',
      'infra/modules/scheduled-function/main.tf',
      replaced('attempt_deadline =', 'attempt_deadlin  ='),
      /Unsupported argument .*An argument named "attempt_deadlin" is not expected here/,
    ],
    [
      'a typo in a block',
      'infra/alerts.tf',
      replaced('condition_matched_log {', 'condition_matching_log {'),
      /Unsupported block type .*Blocks of type "condition_matching_log" are not expected here/,
    ],
    [
      'a missing argument',
      'infra/modules/scheduled-function/main.tf',
      replaced(/\n\s+uri {9}= .*/, ''),
      /Missing required argument .*The argument "uri" is required/,
    ],
    [
      'a resource that does not exist',
      'infra/apis.tf',
      replaced('"google_project_service"', '"google_project_services"'),
      /does not support resource type "google_project_services"/,
    ],
  ] as const)
    test(`is not valid with ${what}`, SOAK_ONLY, async () => {
      const { code, output } = await terraform.edited({ [file]: edit }, () =>
        terraform.run(['validate', '-no-color']),
      );
      assert.notEqual(code, 0);
      assert.match(output, said);
    });

  // What Terraform finds in one go is tried in one.
  for (const [what, edits, said] of [
    [
      'a cron that Cloud Scheduler refuses, or a timeout above the attempt deadline',
      [entry('schedule', '0 2 * * 5#1'), entry('timeoutSeconds', 601)],
      [
        /Cannot use collect-metrics\.schedule "0 2 \* \* 5#1"; expected five fields of unix-cron/,
        /Cannot use collect-metrics\.timeoutSeconds 601; expected at most attemptDeadlineSeconds, which is 600/,
      ],
    ],
    [
      'a lease that its retries do not outlast',
      [entry('leaseSeconds', 400)],
      [
        /Cannot use collect-metrics\.retry: the back-offs sum to 420 s; expected more than leaseSeconds \+ 30 = 430 s/,
      ],
    ],
    [
      'a sweep that nobody could miss',
      [sweep({ schedule: '0 2 * * *' })],
      [
        /Cannot use sweep-stale-jobs\.schedule "0 2 \* \* \*": up to 86400 s from a slot to the next and 1080 s until a sweep is seen; expected 84600 s together/,
      ],
    ],
    [
      'a forgotten attempt deadline',
      [entry('attemptDeadlineSeconds', undefined)],
      [/attribute "attemptDeadlineSeconds" is required/],
    ],
  ] as const)
    test(`deploys nothing with ${what}`, async () => {
      const edit = (text: string) => edits.reduce((edited, next) => next(edited), text);
      const { code, output } = await terraform.edited({ 'functions/catalog.json': edit }, catalogTests);
      assert.notEqual(code, 0);
      for (const each of said) assert.match(output, each);
    });

  for (const [schedule, over, range, duration] of [
    ['*/10 * * * *', {}, 600, 1_200],
    // There is no room for three intervals.
    ['0 0,12 * * *', {}, 43_200, 41_400],
    // Nor may it be told sooner than a sweep can be seen.
    ['* * * * *', { startGraceSeconds: 30 }, 60, 840],
  ] as const)
    test(`misses a sweep of "${schedule}" ${(range + duration) / 60} minutes after the last`, async () => {
      const edit = { 'functions/catalog.json': sweep({ schedule, ...over }) };
      const { code, output } = await terraform.edited(
        { ...edit, 'infra/tests/catalog.tftest.hcl': () => windowTest(range, duration) },
        catalogTests,
      );
      assert.equal(code, 0, output);
    });

  test('deploys no archive that was built of another catalogue', async () => {
    await terraform.edited(same, async () => {});
    // The copy has its own text again, the archives have not.
    const { code, output } = await catalogTests();
    assert.notEqual(code, 0);
    assert.match(
      output,
      /catalog\.json or settings\.json changed since .*\.zip was built\. Run: npm run build/,
    );
  });

  test('asks for the secrets of the backends and of W&B, and for no others', async () => {
    const backend = {
      kind: 'http',
      url: 'https://runs.acme.example/{id}',
      state: 'status',
      statuses: {},
      header: { name: 'Authorization', variable: 'RUNS_TOKEN' },
    };
    const withBackend = (text: string) => {
      const settings = JSON.parse(text);
      const sources = { jobs: { ...settings.sources.jobs, backend } };
      const workloads = { wandb: { entity: 'acme', projects: ['vision'] } };
      return JSON.stringify({ ...settings, sources, workloads });
    };
    const missing = await terraform.edited({ 'functions/settings.json': withBackend }, catalogTests);
    assert.match(missing.output, /Missing from backend_secrets: RUNS_TOKEN/);
    assert.match(missing.output, /Missing: wandb_secret/);
    const unknown = await terraform.edited(same, () =>
      terraform.run(['test', '-no-color', '-filter=tests/catalog.tftest.hcl'], {
        TF_VAR_backend_secrets: '{ "RUNS_TOKEN" = "runs-token" }',
        TF_VAR_wandb_secret: 'wandb-key',
      }),
    );
    assert.match(unknown.output, /wandb_secret is given/);
    assert.match(unknown.output, /Unknown in backend_secrets: RUNS_TOKEN/);
  });
});

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import builtIn from '../../../functions/settings.json' with { type: 'json' };
import { loadCatalog, loadServices } from '../../../functions/shared/catalog.ts';
import { readEnvironment } from '../../../functions/shared/environment.ts';
import { loadSettings } from '../../../functions/shared/settings.ts';
import { type Deployed, deployedIn } from '../../support/deployed.ts';
import { freshFile } from '../../support/folders.ts';
import { filesBelow } from '../../support/source-files.ts';
import { openTerraform, terraformMissing } from '../../support/terraform.ts';

const { jobs } = builtIn.sources;
const catalog = loadCatalog(readEnvironment({}));
const services = Object.keys(loadServices(readEnvironment({})));
const REPORTERS = ['serviceAccount:trainer@acme-platform.iam.gserviceaccount.com'];
const VIEWERS = ['group:oncall@acme.example', 'user:lead@acme.example'];
const HTTP = {
  kind: 'http',
  url: 'https://runs.acme.example/{id}',
  state: 'status',
  statuses: { done: 'completed' },
  header: { name: 'Authorization', variable: 'RUNS_TOKEN' },
};
/** All that a deployment can be given to look after. */
const SETTINGS = {
  ...builtIn,
  metrics: {
    storage: {},
    bigquery: { googleProject: 'acme-warehouse' },
    cloudRun: {},
    database: { firestore: ['(default)', 'app'], cloudSql: true },
  },
  artifacts: {
    buckets: ['acme-training', 'acme-evaluation'],
    models: [{ collection: 'models', database: 'registry', artifactUri: 'uri' }],
    vertexModels: { regions: ['europe-west4'], googleProject: 'acme-models' },
  },
  workloads: {
    builds: {},
    runner: { job: 'agent', googleProject: 'acme-agents' },
    wandb: { entity: 'acme', projects: ['vision'] },
  },
  sources: {
    jobs: {
      ...jobs,
      mode: 'enforce',
      database: 'app',
      backend: { kind: 'vertex-ai' },
      reports: { tokens: true },
    },
    evaluations: { ...jobs, backend: { kind: 'cloud-run', googleProject: 'acme-evaluation' } },
    builds: { ...jobs, collection: 'builds', backend: { kind: 'cloud-build' } },
    elsewhere: { ...jobs, googleProject: 'acme-other', backend: HTTP },
  },
};

describe('permissions', { skip: terraformMissing() }, () => {
  let terraform: Awaited<ReturnType<typeof openTerraform>>;
  let deployed: Deployed[];
  before(async () => {
    terraform = await openTerraform();
    const edits = { 'functions/settings.json': () => JSON.stringify(SETTINGS) };
    const args = ['test', '-json', '-verbose', '-filter=tests/permissions.tftest.hcl'];
    const { code, stdout, output } = await terraform.edited(edits, () =>
      terraform.run(args, {
        TF_VAR_backend_secrets: '{ "RUNS_TOKEN" = "runs-token" }',
        TF_VAR_job_token_secrets: '{ "NIGHTSHIFT_JOB_TOKEN_KEY" = "job-token-key" }',
        TF_VAR_wandb_secret: 'wandb-key',
        TF_VAR_dashboard_viewers: JSON.stringify(VIEWERS),
        TF_VAR_reporters: JSON.stringify(REPORTERS),
      }),
    );
    assert.equal(code, 0, output);
    deployed = deployedIn(stdout);
  });
  after(() => terraform?.stop());

  const all = (address: string) => deployed.filter((it) => it.address.startsWith(`${address}[`));
  const byIndex = (address: string, told: (values: Deployed['values']) => unknown) =>
    Object.fromEntries(all(address).map(({ index = '', values }) => [index, told(values)]));

  test('are asked about settings that the functions take', () => {
    const file = freshFile('settings.json', JSON.stringify(SETTINGS));
    loadSettings(readEnvironment({ NIGHTSHIFT_SETTINGS: file }));
  });

  test('are of each function and project what its part of the settings needs, and nothing more', () =>
    assert.deepEqual(
      byIndex('google_project_iam_custom_role.task', ({ permissions }) => permissions),
      {
        'collect-metrics/acme-platform': [
          'cloudsql.instances.list',
          'monitoring.timeSeries.list',
          'run.services.list',
          'storage.buckets.list',
        ],
        'collect-metrics/acme-warehouse': ['bigquery.jobs.listAll', 'monitoring.timeSeries.list'],
        'cleanup-artifacts/acme-models': ['aiplatform.models.list'],
        'sweep-stale-jobs/acme-platform': [
          'aiplatform.customJobs.get',
          'aiplatform.customJobs.list',
          'cloudbuild.builds.get',
          'cloudscheduler.jobs.list',
        ],
        'sweep-stale-jobs/acme-evaluation': ['logging.logEntries.list', 'run.executions.get'],
        'observe-workloads/acme-platform': [
          'cloudbuild.builds.get',
          'cloudbuild.builds.list',
          'logging.logEntries.list',
        ],
        'observe-workloads/acme-agents': [
          'logging.logEntries.list',
          'run.executions.get',
          'run.executions.list',
        ],
        'status/acme-platform': [
          'aiplatform.customJobs.get',
          'aiplatform.customJobs.list',
          'cloudbuild.builds.get',
        ],
        'status/acme-evaluation': ['logging.logEntries.list', 'run.executions.get'],
      },
    ));

  test('over databases are to write only to our own, where a source is enforced, and by reports where it takes them', () => {
    const roles = byIndex('google_project_iam_member.database', ({ role }) => role);
    const writable = Object.keys(roles).filter((key) => roles[key] === 'roles/datastore.user');
    const own = Object.keys(catalog).map((task) => `${task}/acme-platform/(default)`);
    const enforced = ['cleanup-artifacts/acme-platform/app', 'sweep-stale-jobs/acme-platform/app'];
    const reported = ['report/acme-platform/(default)', 'report/acme-platform/app'];
    assert.deepEqual(writable.sort(), [...own, ...enforced, ...reported].sort());
    const readable = Object.keys(roles).filter((key) => roles[key] === 'roles/datastore.viewer');
    assert.deepEqual(readable.sort(), [
      'cleanup-artifacts/acme-other/(default)',
      'cleanup-artifacts/acme-platform/registry',
      'collect-metrics/acme-other/(default)',
      'collect-metrics/acme-platform/app',
      'observe-workloads/acme-platform/app',
      'status/acme-other/(default)',
      'status/acme-platform/(default)',
      'status/acme-platform/app',
      'sweep-stale-jobs/acme-other/(default)',
    ]);
  });

  test('over objects has the cleaner alone, on the buckets of the settings alone', () => {
    const cleaner = deployed.find(({ address }) => address === 'google_project_iam_custom_role.cleaner[0]');
    assert.deepEqual(cleaner?.values.permissions, [
      'storage.buckets.get',
      'storage.objects.create',
      'storage.objects.delete',
      'storage.objects.list',
      'storage.objects.restore',
    ]);
    const members = byIndex('google_storage_bucket_iam_member.cleaner', ({ member }) => member);
    assert.deepEqual(Object.keys(members).sort(), SETTINGS.artifacts.buckets.toSorted());
    const runtime = deployed.find(({ address }) =>
      address.endsWith('["cleanup-artifacts"].google_service_account.runtime'),
    );
    for (const member of Object.values(members))
      assert.equal(member, `serviceAccount:${runtime?.values.email}`);
    const others = deployed.filter((it) => JSON.stringify(it.values).includes('storage.objects.'));
    assert.deepEqual(others, [cleaner]);
  });

  test('are granted for all that the code names as missing when it is denied', () => {
    const granted = deployed.flatMap(({ values }) => values.permissions ?? []);
    const named = filesBelow('functions').flatMap(({ text }) =>
      [...text.matchAll(/permission(?::| =) '([a-z]+\.[a-zA-Z]+\.[a-zA-Z]+)'/gi)].map(
        ([, name = '']) => name,
      ),
    );
    assert.ok(named.length > 10, String(named));
    // Of Firestore, the predefined roles are granted.
    const missing = named.filter((name) => !name.startsWith('datastore.') && !granted.includes(name));
    assert.deepEqual(missing, []);
  });

  test('of a service are nowhere to write, over nothing, but for reports over databases', () => {
    for (const [service, databases, least] of [
      ['status', 'viewer', 3],
      ['report', 'user', 2],
    ] as const) {
      const { values } =
        deployed.find(({ address }) => address.endsWith(`["${service}"].google_service_account.runtime`)) ??
        assert.fail(service);
      const its = deployed.filter((it) => it.values.member === `serviceAccount:${values.email}`);
      assert.ok(its.length > least, service);
      const roles = new Set(its.map((it) => String(it.values.role)));
      const custom = deployed
        .filter((it) => it.type === 'google_project_iam_custom_role' && roles.delete(String(it.values.name)))
        .flatMap((it) => it.values.permissions as string[]);
      // It has the workload tables refreshed, by one function.
      const called = its.filter((it) => it.values.role === 'roles/run.invoker');
      assert.deepEqual(
        called.map((it) => it.values.name),
        service === 'status' ? ['observe-workloads'] : [],
      );
      roles.delete('roles/run.invoker');
      assert.deepEqual([...roles].sort(), [
        `roles/datastore.${databases}`,
        'roles/secretmanager.secretAccessor',
      ]);
      assert.deepEqual(
        custom.filter((permission) => !/\.(get|list)$/.test(permission)),
        [],
      );
    }
  });

  test('to read a secret, and the secret itself, have those alone that ask with it', () => {
    const readers = deployed.filter(({ type }) => type === 'google_secret_manager_secret_iam_member');
    assert.deepEqual(
      readers.map(({ address, values }) => [
        address.replace('.google_secret_manager_', ' '),
        values.secret_id,
      ]),
      [
        ['module.function["observe-workloads"] secret_iam_member.runtime["WANDB_API_KEY"]', 'wandb-key'],
        ['module.function["sweep-stale-jobs"] secret_iam_member.runtime["RUNS_TOKEN"]', 'runs-token'],
        ['module.service["report"] secret_iam_member.runtime["NIGHTSHIFT_JOB_TOKEN_KEY"]', 'job-token-key'],
        ['module.service["status"] secret_iam_member.runtime["RUNS_TOKEN"]', 'runs-token'],
      ],
    );
    const holders = (variable: string) =>
      deployed
        .filter(
          ({ type, values }) =>
            type === 'google_cloudfunctions2_function' && JSON.stringify(values).includes(variable),
        )
        .map(({ values }) => values.name);
    assert.deepEqual(holders('RUNS_TOKEN'), ['sweep-stale-jobs', 'status']);
    assert.deepEqual(holders('WANDB_API_KEY'), ['observe-workloads']);
  });

  test('has the public none, nowhere', () => {
    const granted = deployed.filter(({ type }) => type.includes('_iam_'));
    assert.ok(granted.length > 20);
    assert.doesNotMatch(JSON.stringify(deployed), /all(Authenticated)?Users/);
    const invokers = deployed.filter(
      ({ type, address }) =>
        type === 'google_cloud_run_v2_service_iam_member' && !/_iam_member\.refresh\[/.test(address),
    );
    assert.deepEqual(
      invokers.map(({ values }) => [values.name, values.role]),
      [...Object.keys(catalog).sort(), 'report', ...VIEWERS.map(() => 'status')].map((name) => [
        name,
        'roles/run.invoker',
      ]),
    );
    const ofServices = invokers.filter(({ values }) => services.includes(String(values.name)));
    assert.deepEqual(
      ofServices.map(({ values }) => values.member),
      [...REPORTERS, ...VIEWERS],
    );
  });

  test('need the APIs of what is looked after', () => {
    const apis = Object.keys(byIndex('google_project_service.required', () => true));
    for (const api of ['aiplatform', 'bigquery', 'sqladmin', 'secretmanager', 'cloudscheduler', 'run'])
      assert.ok(apis.includes(`${api}.googleapis.com`), api);
  });
});

describe('the variables of infra/', () => {
  for (const file of [
    'variables.tf',
    'modules/scheduled-function/variables.tf',
    'modules/service/variables.tf',
  ])
    test(`in ${file} are described, typed and checked`, () => {
      const text = readFileSync(join(import.meta.dirname, '../../../infra', file), 'utf8');
      const blocks = text.split(/^variable /m).slice(1);
      assert.ok(blocks.length > 5);
      for (const block of blocks) {
        assert.match(block, /^ {2}description += "/m, block);
        assert.match(block, /^ {2}type += /m, block);
        // A truth value has nothing to check.
        if (!/^ {2}type += bool$/m.test(block)) assert.match(block, /^ {2}validation \{/m, block);
      }
    });
});

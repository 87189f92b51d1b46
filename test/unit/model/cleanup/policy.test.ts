import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { describe, test } from 'node:test';
import { artifactPolicySchema, policyHashOf } from '../../../../functions/shared/model/cleanup/policy.ts';
import { type Source, sourceSchema } from '../../../../functions/shared/model/job/source.ts';
import { stable } from '../../../../functions/shared/model/stable.ts';
import { parseWithProblems } from '../../../../functions/shared/problems.ts';
import { edited } from '../../../support/edited.ts';
import { sourceOf } from '../../../support/jobs.ts';

const FULL = {
  buckets: ['runs', 'more'],
  minimumAgeDays: 0.5,
  keepSuccesses: 3,
  lateWriteGraceMinutes: 0,
  protectedPrefixes: ['gs://runs/golden/', 'gs://golden'],
  models: [{ collection: 'models', artifactUri: 'artifact.uri' }],
  vertexModels: { regions: ['europe-west4'], googleProject: 'ml' },
  irreversible: true,
  jobsPerPlan: 10,
  guards: { objects: 1, bytes: 2, shareOfJobs: 1, shareOfProject: 0.01 },
};

describe('the artifact policy', () => {
  test('that says nothing allows no bucket, so that nothing is ever deleted', () =>
    assert.deepEqual(artifactPolicySchema.parse({}), {
      buckets: [],
      minimumAgeDays: 7,
      keepSuccesses: 1,
      lateWriteGraceMinutes: 10,
      protectedPrefixes: [],
      models: [],
      irreversible: false,
      jobsPerPlan: 1000,
      guards: { objects: 100_000, bytes: 1_099_511_627_776, shareOfJobs: 0.5, shareOfProject: 0.8 },
    }));

  test('is taken as it is', () =>
    assert.deepEqual(artifactPolicySchema.parse(FULL), {
      ...FULL,
      models: [{ collection: 'models', group: false, artifactUri: 'artifact.uri' }],
    }));

  const BUCKET = 'expected the name of a bucket, without gs://';
  const URI = 'expected a plain URI such as gs://bucket/folder/, without . and .. and wildcards';
  for (const [path, value, line] of [
    ['bucket', ['runs'], 'bucket: Unknown key "bucket", did you mean "buckets"?'],
    ['buckets', 'runs', 'buckets: Cannot use "runs"; expected an array'],
    ['buckets', ['gs://runs'], `buckets.0: Cannot use "gs://runs"; ${BUCKET}`],
    ['buckets', ['runs', 'runs/a'], `buckets.1: Cannot use "runs/a"; ${BUCKET}`],
    ['buckets', [''], `buckets.0: Cannot use ""; ${BUCKET}`],
    ['buckets', ['*'], `buckets.0: Cannot use "*"; ${BUCKET}`],
    ['buckets', ['runs', 'runs'], 'buckets: An entry comes twice; expected each entry once'],
    ['minimumAgeDays', 0, 'minimumAgeDays: Cannot use 0; expected more than 0'],
    ['minimumAgeDays', -7, 'minimumAgeDays: Cannot use -7; expected more than 0'],
    ['minimumAgeDays', 1e9, 'minimumAgeDays: Cannot use 1000000000; expected at most 3650'],
    ['minimumAgeDays', '7', 'minimumAgeDays: Cannot use "7"; expected a number'],
    ['keepSuccesses', -1, 'keepSuccesses: Cannot use -1; expected at least 0'],
    ['keepSuccesses', 1.5, 'keepSuccesses: Cannot use 1.5; expected an integer'],
    ['lateWriteGraceMinutes', -1, 'lateWriteGraceMinutes: Cannot use -1; expected at least 0'],
    ['protectedPrefixes', ['runs/a'], `protectedPrefixes.0: Cannot use "runs/a"; ${URI}`],
    ['protectedPrefixes', ['gs://runs/*'], `protectedPrefixes.0: Cannot use "gs://runs/*"; ${URI}`],
    ['models.0.artifactUri', undefined, 'models.0.artifactUri: Missing; expected a string'],
    [
      'models.0.artifactUri',
      'a..b',
      'models.0.artifactUri: Cannot use "a..b"; expected a field path such as status or times.started',
    ],
    [
      'models.0.collection',
      'a/b',
      'models.0.collection: Cannot use "a/b"; expected the path of a collection',
    ],
    ['models.0.grup', true, 'models.0.grup: Unknown key "grup", did you mean "group"?'],
    ['vertexModels.regions', [], 'vertexModels.regions: Cannot use []; expected at least 1'],
    [
      'vertexModels.regions',
      ['mars'],
      'vertexModels.regions.0: Cannot use "mars"; expected a region such as europe-west4',
    ],
    ['irreversible', 'yes', 'irreversible: Cannot use "yes"; expected a boolean'],
    ['jobsPerPlan', 0, 'jobsPerPlan: Cannot use 0; expected at least 1'],
    ['guards.object', 5, 'guards.object: Unknown key "object", did you mean "objects"?'],
    ['guards.objects', 0, 'guards.objects: Cannot use 0; expected at least 1'],
    ['guards.bytes', 0.5, 'guards.bytes: Cannot use 0.5; expected an integer'],
    ['guards.shareOfJobs', 1.01, 'guards.shareOfJobs: Cannot use 1.01; expected at most 1'],
    ['guards.shareOfProject', 0, 'guards.shareOfProject: Cannot use 0; expected more than 0'],
  ] as const)
    test(`with ${path} ${JSON.stringify(value)?.slice(0, 40)} is refused`, () => {
      const parsed = parseWithProblems(artifactPolicySchema, edited(FULL, path, value));
      assert.ok(!parsed.ok);
      const lines = parsed.problems.map((it) => `${it.path}: ${it.message}; expected ${it.expected}`);
      assert.equal(lines.length, 1);
      assert.ok(lines[0]?.startsWith(line), lines[0]);
    });
});

describe('policyHashOf()', () => {
  const policy = artifactPolicySchema.parse(FULL);
  const sources = { jobs: sourceOf() };

  test('is the same for the same policy, in whatever order it is written', () => {
    const turned = artifactPolicySchema.parse(Object.fromEntries(Object.entries(FULL).reverse()));
    const { statuses } = sources.jobs;
    const again = sourceSchema.parse({
      ...Object.fromEntries(Object.entries(sources.jobs).reverse()),
      statuses: Object.fromEntries(Object.entries(statuses).reverse()),
    });
    assert.equal(policyHashOf(turned, { jobs: again }), policyHashOf(policy, sources));
    assert.match(policyHashOf(policy, sources), /^[\w-]{43}$/);
  });

  for (const [path, value] of [
    ['buckets', ['runs']],
    ['minimumAgeDays', 7],
    ['protectedPrefixes', []],
    ['models.0.artifactUri', 'uri'],
    ['irreversible', false],
    ['guards.objects', 2],
  ] as const)
    test(`changes with ${path}`, () =>
      assert.notEqual(
        policyHashOf(artifactPolicySchema.parse(edited(FULL, path, value)), sources),
        policyHashOf(policy, sources),
      ));

  test('changes with how a source is read, and with what it may do', () => {
    const hashes = [
      sources,
      { jobs: sourceOf({ mode: 'enforce' }) },
      { jobs: { ...sourceOf(), fields: { ...sourceOf().fields, artifactUri: 'uri' } } },
      { ...sources, more: sourceOf() },
    ].map((it) => policyHashOf(policy, it));
    assert.equal(new Set(hashes).size, 4);
  });

  test('stays the same when only the sweep is told otherwise', () => {
    const swept: Source = {
      ...sourceOf({ sweep: { staleAfterMinutes: 30 } }),
      backend: { kind: 'vertex-ai' },
    };
    assert.equal(policyHashOf(policy, { jobs: swept }), policyHashOf(policy, sources));
  });

  const time = (path: string) => ({ path, type: 'timestamp' as const });
  const tries = {
    collection: 'tries',
    fields: { status: 'status', startedAt: time('startedAt'), endedAt: time('endedAt') },
  };
  const withTries = (over: Partial<NonNullable<Source['executions']>> = {}) =>
    policyHashOf(policy, { jobs: { ...sourceOf(), executions: { ...tries, ...over } } });

  test('changes with the executions by which a job goes on, and not with what the sweep reads of them', () => {
    const { fields } = tries;
    const hashes = [
      policyHashOf(policy, sources),
      withTries(),
      withTries({ collection: 'runs' }),
      withTries({ statuses: { going: 'running' } }),
      withTries({ fields: { ...fields, status: 'state' } }),
      withTries({ fields: { ...fields, heartbeatAt: time('beat') } }),
    ];
    assert.equal(new Set(hashes).size, hashes.length);
    const told = { ...fields, error: 'error', backendId: 'vertex', updatedAt: time('updatedAt') };
    const written = { fields: told, statuses: sourceOf().statuses, write: { failed: 'failed' } };
    assert.equal(withTries(written), withTries());
  });

  test('is, without executions, what earlier releases made of it: no plan waits after an upgrade', () => {
    const { sweep, ...read } = sourceOf();
    const before = hash('sha256', stable({ policy, sources: { jobs: read } }), 'base64url');
    assert.equal(policyHashOf(policy, sources), before);
  });
});

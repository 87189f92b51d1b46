import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { addDays, DAY_MS, daysBetween, endOfDay, startOfDay } from '../../../../functions/shared/dates.ts';
import { readArtifactUri } from '../../../../functions/shared/model/artifact/artifact.ts';
import { sampleEtlRuns } from '../../../../scripts/stack/sample/etl.ts';
import type { SampleRecord } from '../../../../scripts/stack/sample/job.ts';
import { sampleJobs } from '../../../../scripts/stack/sample/jobs.ts';
import { samplePlatform } from '../../../../scripts/stack/sample/platform.ts';
import { sampleRegistry } from '../../../../scripts/stack/sample/registry.ts';
import type { ObjectOptions } from '../../../../scripts/stack/stand-ins/gcs/world.ts';
import type { Level } from '../../../../scripts/stack/stand-ins/google/world.ts';
import { valueAt } from '../../../support/sample-sections.ts';

const now = new Date('2026-03-10T14:20:00Z');
const TODAY = '2026-03-10';
/** The days that a first run collects. */
const DAYS = daysBetween(addDays(TODAY, -35), addDays(TODAY, -1));

/** Records that no system would write: ended before they began, or at a time that is still to come. */
function contradicting(records: SampleRecord[]): SampleRecord[] {
  return records.filter(({ createdAt, startedAt, endedAt, updatedAt, status, error }) => {
    const inOrder = [createdAt, startedAt, endedAt, now].flatMap((at) => at ?? []);
    return (
      inOrder.some((at, index) => at < (inOrder[index - 1] ?? at)) ||
      Number(updatedAt) > Number(now) ||
      (endedAt === null) !== ['running', 'queued', 'unknown'].includes(status) ||
      (error === null) !== (status !== 'failed')
    );
  });
}

describe('the sample jobs', () => {
  const jobs = sampleJobs(now);

  test('is the same for the same instant', () => {
    assert.deepEqual(sampleJobs(now), jobs);
    assert.equal(new Set(jobs.map((job) => job.id)).size, jobs.length);
  });

  test('has every kind of job that the figures have to get right', () => {
    const dayOf = (instant: Date | null) => instant?.toISOString().slice(0, 10);
    const kinds: Record<string, (typeof jobs)[number][]> = {
      completed: jobs.filter((job) => job.status === 'completed'),
      'failed after its start': jobs.filter((job) => job.status === 'failed' && job.startedAt),
      'failed before its start': jobs.filter((job) => job.status === 'failed' && !job.startedAt),
      cancelled: jobs.filter((job) => job.status === 'cancelled'),
      'over midnight': jobs.filter(
        (job) => job.startedAt && job.endedAt && dayOf(job.startedAt) !== dayOf(job.endedAt),
      ),
      'over days': jobs.filter(
        (job) => job.startedAt && Number(job.endedAt) - Number(job.startedAt) > DAY_MS,
      ),
      running: jobs.filter(
        (job) => job.status === 'running' && Number(now) - Number(job.heartbeatAt) < 120_000,
      ),
      hanging: jobs.filter(
        (job) => job.status === 'running' && Number(now) - Number(job.heartbeatAt) > DAY_MS,
      ),
      queued: jobs.filter((job) => job.status === 'queued' && !job.startedAt),
    };
    assert.deepEqual(
      Object.entries(kinds).filter(([, some]) => some.length < 2),
      [],
    );
    assert.equal(new Set(jobs.map((job) => job.project)).size, 3);
    assert.ok(Math.min(...jobs.flatMap((job) => job.createdAt?.getTime() ?? [])) > Number(now) - 41 * DAY_MS);
  });

  test('hold no record that contradicts itself', () => assert.deepEqual(contradicting(jobs), []));

  test('say how large the artifacts are of those that completed, and of no others', () => {
    const told = jobs.filter(({ artifactBytes }) => artifactBytes !== null);
    assert.deepEqual(
      told,
      jobs.filter(({ status }) => status === 'completed'),
    );
    assert.ok(told.every(({ artifactBytes, artifactUri }) => Number(artifactBytes) > 0 && artifactUri));
  });
});

describe('the sample jobs that are not what they say', () => {
  const jobs = sampleJobs(now);
  const { world, orchestrator } = samplePlatform({ project: 'p', database: '(default)' }, now);
  const named = (name: string) => jobs.find(({ id }) => id.endsWith(`-${name}`)) ?? assert.fail(name);
  const atVertex = (job: { backendId: string | null }) =>
    world.customJobs.find(({ id }) => id === job.backendId);

  test('are silent while Vertex AI says that they are over, in each of the ways to be', () => {
    for (const [name, state] of [
      ['done', 'JOB_STATE_SUCCEEDED'],
      ['killed', 'JOB_STATE_FAILED'],
      ['stopped', 'JOB_STATE_CANCELLED'],
    ] as const) {
      const job = named(name);
      const truth = atVertex(job);
      assert.deepEqual([job.status, truth?.state], ['running', state]);
      assert.ok(truth?.endedAt && job.heartbeatAt && truth.endedAt > job.heartbeatAt, name);
    }
  });

  test('are unknown to Vertex AI, in a project of others, or never got that far', () => {
    assert.match(named('gone').backendId ?? '', /^\d+$/);
    assert.match(named('elsewhere').backendId ?? '', /^projects\/partner-lab\//);
    assert.equal(named('silent').backendId, null);
    for (const name of ['gone', 'elsewhere', 'silent']) assert.equal(atVertex(named(name)), undefined, name);
  });

  test('have a try stuck for 22 hours below a job that completed, or none left below one that runs', () => {
    const { status, endedAt, executions = [] } = named('retried');
    const fifth = executions[4];
    assert.deepEqual([status, executions.length, fifth?.id, fifth?.status], ['completed', 5, '5', 'running']);
    assert.equal(Number(now) - Number(fifth?.startedAt), 22 * 3_600_000);
    assert.ok(Number(endedAt) > Number(fifth?.startedAt));
    const given = named('given-up');
    assert.equal(given.status, 'running');
    assert.deepEqual([...new Set(given.executions?.map((it) => it.status))], ['failed']);
  });

  test('have a heartbeat of the future, no clock at all, or a status that nobody mapped', () => {
    assert.ok(Number(named('ahead').heartbeatAt) > Number(now));
    const { createdAt, startedAt, heartbeatAt, updatedAt, status } = named('clockless');
    assert.deepEqual(
      [createdAt, startedAt, heartbeatAt, updatedAt, status],
      [null, null, null, null, 'running'],
    );
    assert.equal(named('unmapped').status, 'unknown');
  });

  test('run too long and alive, or are ETL runs that ended, are gone, or of which nobody tells', () => {
    const { startedAt, heartbeatAt, ...long } = named('now-4');
    assert.ok(Number(now) - Number(startedAt) > DAY_MS && Number(now) - Number(heartbeatAt) < 60_000);
    assert.equal(atVertex(long)?.state, 'JOB_STATE_RUNNING');
    const told = ['feature-build-done', 'event-intake-gone', 'account-sync-unanswered'].map((id) =>
      orchestrator.silent.includes(id) ? 'silence' : orchestrator.runs.get(id),
    );
    assert.partialDeepStrictEqual(told, [
      { run: 'feature-build-done', state: 'success' },
      undefined,
      'silence',
    ]);
  });

  test('are few: Vertex AI says of all others what their records say', () => {
    const STATES = { running: 'RUNNING', completed: 'SUCCEEDED', failed: 'FAILED', cancelled: 'CANCELLED' };
    const lying = jobs.filter((job) => {
      const state = STATES[job.status as keyof typeof STATES];
      return job.backendId !== null && state && atVertex(job)?.state !== `JOB_STATE_${state}`;
    });
    assert.ok(lying.length >= 6 && lying.length < 15, lying.map(({ id }) => id).join());
  });
});

describe('the sample ETL runs', () => {
  const runs = sampleEtlRuns(now);
  const of = (pipeline: string) => runs.filter(({ project }) => project === pipeline);

  test('are the same for the same instant', () => {
    assert.deepEqual(sampleEtlRuns(now), runs);
    assert.equal(new Set(runs.map(({ id }) => id)).size, runs.length);
  });

  test('hold no record that contradicts itself', () => assert.deepEqual(contradicting(runs), []));

  test('are those of one pipeline every four hours and two daily ones over 40 days', () => {
    const pipelines = [...new Set(runs.map(({ project }) => project))];
    assert.equal(pipelines.length, 3);
    for (const day of DAYS) {
      const counts = pipelines.map(
        (it) => of(it).filter(({ id }) => id.includes(day.replaceAll('-', ''))).length,
      );
      assert.deepEqual(counts, [6, 1, 1], day);
    }
  });

  test('fail, are stopped, run past midnight, and one runs now', () => {
    const lengths = {
      failed: runs.filter(({ status, error }) => status === 'failed' && error).length,
      cancelled: runs.filter(({ status }) => status === 'cancelled').length,
      running: runs.filter(({ status }) => status === 'running').length,
    };
    assert.ok(lengths.failed > 15 && lengths.cancelled > 2 && lengths.running >= 1, JSON.stringify(lengths));
    for (const day of DAYS) {
      const midnight = endOfDay(day);
      assert.ok(
        runs.some(
          ({ startedAt, endedAt }) => startedAt && startedAt < midnight && endedAt && endedAt > midnight,
        ),
        day,
      );
    }
  });

  test('are in order in the first minutes of a day, too', () => {
    const midnight = new Date('2026-03-10T00:01:00Z');
    const early = sampleEtlRuns(midnight);
    assert.ok(early.some(({ status }) => status === 'running'));
    assert.ok(
      early.every(
        ({ updatedAt, startedAt }) =>
          Number(updatedAt) <= Number(midnight) && (startedAt ?? midnight) <= midnight,
      ),
    );
  });
});

describe('the sample platform', () => {
  const platform = samplePlatform({ project: 'p', database: '(default)' }, now);
  const { world, buckets } = platform;
  const { bigquery, run } = world;

  /** Of every day: what is more than on the day before, less, or the same. */
  function coursesOf(level: Level): string[] {
    const values = daysBetween(addDays(TODAY, -44), TODAY).map((day) => valueAt(level, startOfDay(day)) ?? 0);
    return [...new Set(values.slice(1).map((value, index) => Math.sign(value - (values[index] ?? 0))))].map(
      String,
    );
  }

  test('is the same for the same instant', () =>
    assert.deepEqual(samplePlatform({ project: 'p', database: '(default)' }, now), platform));

  test('has eight buckets that grow day by day, of which one is empty and one young', () => {
    assert.equal(buckets.length, 8);
    const held = Object.groupBy(world.buckets, ({ name }) => name);
    assert.deepEqual(
      buckets.map(({ name }) => name).filter((name) => !held[name]),
      ['sample-scratch'],
    );
    const young = buckets.filter(({ createdAt }) => createdAt > startOfDay(DAYS[0] ?? TODAY));
    assert.deepEqual(
      young.map(({ name }) => name),
      ['sample-thumbnails'],
    );
    for (const bucket of world.buckets.filter(({ name }) => name !== 'sample-thumbnails'))
      for (const usage of [bucket.live, bucket.noncurrent, bucket.softDeleted])
        if (usage)
          assert.deepEqual(
            [coursesOf(usage.bytes), usage.objects === usage.bytes],
            [['1'], false],
            bucket.name,
          );
    assert.ok(world.buckets.some(({ noncurrent }) => noncurrent));
    assert.ok(world.buckets.some(({ softDeleted }) => softDeleted));
    assert.ok(
      Object.values(held).some((parts) => parts?.length === 2),
      'one has two storage classes',
    );
  });

  test('has three datasets of four to twelve tables: one is new, one was dropped, the others grow', () => {
    assert.deepEqual(
      bigquery.datasets.map(({ tables }) => tables.length),
      [12, 4, 5],
    );
    const courses = bigquery.datasets.flatMap(({ tables }) =>
      tables.map(({ bytes }) => coursesOf(bytes).sort().join()),
    );
    const counts = Object.values(Object.groupBy(courses, (it) => it)).map((some) => some?.length);
    assert.deepEqual(counts.sort(), [1, 1, 19], courses.join(' '));
  });

  test('has 20 to 60 queries a day, of which some fail, and one or more run past midnight', () => {
    for (const day of DAYS) {
      const created = bigquery.jobs.filter(({ createdAt }) => createdAt.toISOString().startsWith(day));
      assert.ok(created.length >= 20 && created.length <= 60, `${day}: ${created.length}`);
      assert.ok(
        created.some(({ endedAt }) => Number(endedAt) > Number(endOfDay(day))),
        day,
      );
    }
    const reasons = new Set(bigquery.jobs.flatMap(({ error }) => error?.reason ?? []));
    assert.ok(reasons.size >= 4 && bigquery.jobs.every(({ endedAt, error }) => endedAt || !error));
    assert.equal(new Set(bigquery.jobs.map(({ id }) => id)).size, bigquery.jobs.length);
  });

  test('knows nothing of what is still to come', () => {
    const instants = [
      ...bigquery.jobs.flatMap(({ createdAt, startedAt, endedAt }) => [createdAt, startedAt, endedAt]),
      ...run.requests.map(({ at }) => at),
      ...run.services.map(({ createdAt }) => createdAt),
      ...buckets.map(({ createdAt }) => createdAt),
    ];
    assert.deepEqual(
      instants.filter((at) => at && at > now),
      [],
    );
  });

  test('has six services in three regions, of which two are idle and four answer in several ways', () => {
    assert.equal(run.services.length, 6);
    assert.equal(new Set(run.services.map(({ region }) => region)).size, 3);
    const busy = run.services.filter(({ name, region }) =>
      DAYS.every((day) => {
        const own = run.requests.filter(
          (it) => it.service === name && it.region === region && it.at.toISOString().startsWith(day),
        );
        return own.length > 0;
      }),
    );
    assert.equal(busy.length, 4);
    assert.deepEqual([...new Set(run.requests.map(({ responseClass }) => responseClass))].sort(), [
      '2xx',
      '3xx',
      '4xx',
      '5xx',
    ]);
    assert.ok(run.requests.every(({ count }) => Number.isInteger(count) && count > 0));
  });

  test('has the database of ours and two instances of Cloud SQL, which grow', () => {
    assert.deepEqual(
      world.firestore.map(({ id }) => id),
      ['(default)'],
    );
    assert.equal(world.sql.length, 2);
    for (const { bytes } of [...world.firestore, ...world.sql]) assert.deepEqual(coursesOf(bytes), ['1']);
  });
});

describe('the sample artifacts', () => {
  const jobs = sampleJobs(now);
  const { objects, buckets, world } = samplePlatform({ project: 'p', database: '(default)' }, now);
  const registry = sampleRegistry(jobs, now);
  const byId = new Map(jobs.map((job) => [job.id, job]));

  /** The objects below a job's URI. */
  function below(uri: string | null): ObjectOptions[] {
    const read = readArtifactUri(uri);
    const [folder] = read.ok ? read.place.folders : [];
    if (!folder) return [];
    return objects.filter(({ bucket, name }) => bucket === folder.bucket && name.startsWith(folder.path));
  }

  test('are three to seven objects of each job that started, and as many bytes as its record says', () => {
    const shared = new Set(jobs.filter(({ artifactUri }) => artifactUri?.includes('/sweeps/')));
    for (const job of jobs) {
      const own = below(job.artifactUri);
      if (!job.startedAt) assert.equal(own.length, 0, job.id);
      if (!job.endedAt || job.artifactUri === null || shared.has(job)) continue;
      if (job.artifactUri === 'gs://sample-artifacts/') continue;
      assert.ok(own.length >= 3 && own.length <= 7, `${job.id}: ${own.length}`);
      const late = own.filter(({ createdAt }) => Number(createdAt) > Number(job.endedAt));
      assert.deepEqual(
        late.map(({ name }) => name.split('/').at(-1)),
        job.lateObject ? [job.lateObject] : [],
      );
      if (job.artifactBytes === null) continue;
      const inTime = own.filter((object) => !late.includes(object));
      const bytes = inTime.reduce((sum, { size = 0 }) => sum + size, 0);
      assert.equal(bytes, job.artifactBytes, job.id);
    }
    assert.ok(objects.length > 2_000 && objects.length < 4_000, String(objects.length));
    assert.equal(new Set(objects.map(({ bucket, name }) => `${bucket}/${name}`)).size, objects.length);
  });

  test('lie in buckets that there are, are no larger than zeros, and none is of the future', () => {
    const names = new Set(buckets.map(({ name }) => name));
    for (const { bucket, name, size = 0, content, createdAt } of objects) {
      assert.ok(names.has(bucket), bucket);
      assert.ok(size > 0 && content === undefined, `${name}: ${size}`);
      assert.ok(createdAt && createdAt <= now, name);
    }
  });

  test('can be had back where Monitoring tells of soft-deleted bytes, and have versions where it does of those', () => {
    for (const { name, softDeleteSeconds, versioning } of buckets) {
      const parts = world.buckets.filter((it) => it.name === name);
      assert.equal(
        softDeleteSeconds > 0,
        parts.some(({ softDeleted }) => softDeleted),
        name,
      );
      assert.equal(
        versioning,
        parts.some(({ noncurrent }) => noncurrent),
        name,
      );
    }
  });

  test('have every kind of mark that keeps them, and of what is wrong with them', () => {
    const uris = jobs.flatMap(({ artifactUri }) => artifactUri ?? []);
    const soon = (from: number, to: number) =>
      jobs.filter(
        ({ keepUntil }) =>
          keepUntil &&
          Number(keepUntil) - Number(now) > from * DAY_MS &&
          Number(keepUntil) - Number(now) < to * DAY_MS,
      ).length;
    const chained = jobs.filter(({ resumedFrom }) => byId.get(resumedFrom ?? '')?.resumedFrom);
    assert.deepEqual(
      {
        registered: jobs.filter(({ registeredModel }) => registeredModel).length,
        pinned: soon(0, 100),
        'pinned once': soon(-100, 0),
        'a chain of three': chained.length,
        'resumed from a URI': jobs.filter(({ resumedFrom }) => resumedFrom?.startsWith('gs://')).length,
        'inside another’s folder': uris.filter((uri) =>
          uris.some((other) => other !== uri && uri.startsWith(other) && other !== 'gs://sample-artifacts/'),
        ).length,
        'a whole bucket': uris.filter((uri) => uri === 'gs://sample-artifacts/').length,
        'without soft delete': uris.filter((uri) => uri.startsWith('gs://sample-exports/')).length,
        'not allowed': uris.filter((uri) => uri.startsWith('gs://sample-checkpoints/')).length,
        protected: uris.filter((uri) => uri.startsWith('gs://sample-artifacts/baselines/')).length,
        held: objects.filter(({ temporaryHold }) => temporaryHold).length,
        late: jobs.filter(({ lateObject }) => lateObject).length,
      },
      {
        registered: 2,
        pinned: 2,
        'pinned once': 1,
        'a chain of three': 1,
        'resumed from a URI': 1,
        'inside another’s folder': 3,
        'a whole bucket': 1,
        'without soft delete': 2,
        'not allowed': 1,
        protected: 1,
        held: 1,
        late: 1,
      },
    );
  });

  test('are named by a registry of six models, by Vertex AI and by a pin, each for objects that there are', () => {
    assert.equal(registry.models.length, 6);
    assert.deepEqual(world.models.map(({ region }) => region).sort(), ['europe-west4', 'us-central1']);
    const named = [
      ...registry.models.map(({ artifactUri }) => artifactUri),
      ...world.models.flatMap(({ artifactUris }) => artifactUris.flatMap((uri) => uri ?? [])),
      ...registry.pins.map(({ uri }) => uri),
    ];
    assert.equal(named.length, 9);
    for (const uri of named)
      assert.ok(
        objects.some(({ bucket, name }) => `gs://${bucket}/${name}`.startsWith(uri)),
        uri,
      );
    const [files, folders] = [/\/model\.safetensors$/, /-\d{8}-\d\d$/].map(
      (form) => registry.models.filter(({ artifactUri }) => form.test(artifactUri)).length,
    );
    assert.deepEqual([files, folders], [3, 3], 'some name a file, some a folder without its slash');
  });
});

describe('the sample runs of W&B', () => {
  const { world, wandb } = samplePlatform({ project: 'p', database: '(default)' }, now);
  const runs = wandb.projects.flatMap((project) => project.runs);

  test('are of every state, one of them silent, two of them custom jobs that W&B calls crashed', () => {
    const states = new Set(runs.map(({ state }) => state));
    for (const state of [
      'running',
      'pending',
      'preempting',
      'finished',
      'failed',
      'crashed',
      'killed',
      'preempted',
    ])
      assert.ok(states.delete(state), state);
    assert.deepEqual([...states], []);
    const ids = new Map(runs.map(({ name, state }) => [name, state]));
    const joined = world.customJobs.filter(({ labels }) => ids.has(labels?.['wandb-run-id'] ?? ''));
    assert.deepEqual(joined.map(({ state }) => state).sort(), ['JOB_STATE_FAILED', 'JOB_STATE_RUNNING']);
  });
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Alarm } from '../../../functions/shared/model/run/alarm.ts';
import { ON_CLOUD_RUN, type SampleWorld, type TaskAnswer } from './world.ts';

const TASK = 'sweep-stale-jobs';

interface Told {
  source: string;
  job: string;
  execution: string | null;
  verdict: string;
  written: string;
}

interface Swept extends Record<string, unknown> {
  verdicts?: Told[];
  scheduleDrift: string[] | null;
}

/**
 * By source and the end of the name: the execution, the verdict of the first sweep, and what it does about that. Records without a
 * usable clock are missing: they are believed for a while after they were written, which is just now; of the silent one,
 * and of the one whose tries are all over, that leaves it open whether its clock is right.
 */
const EXPECTED = {
  'jobs done': [null, 'finish', 'dry run'],
  'jobs stopped': [null, 'finish', 'dry run'],
  'jobs killed': [null, 'fail', 'dry run'],
  'jobs given-up': [null, 'unknown', 'no'],
  'jobs retried': ['5', 'lost', 'dry run'],
  'jobs silent': [null, 'unknown', 'no'],
  'jobs gone': [null, 'unknown', 'no'],
  'jobs elsewhere': [null, 'unknown', 'no'],
  'jobs now-4': [null, 'keep', 'no'],
  'etl done': [null, 'finish', 'observe'],
  'etl gone': [null, 'unknown', 'no'],
  'etl unanswered': [null, 'unknown', 'no'],
};

/** sweep-stale-jobs on the sample world, for the first time. */
export function sweeps(world: () => SampleWorld): void {
  test('jobs that are not what they say are each judged for what they are', async () => {
    const { summary } = world().foreseen as TaskAnswer<Swept>;
    const verdicts = (summary.verdicts ?? []).flatMap(({ source, job, execution, verdict, written }) => {
      const kind = Object.keys(EXPECTED).find((name) => `${source} ${job}`.match(name.replace(' ', ' .*-')));
      return kind ? [[kind, [execution, verdict, written]] as const] : [];
    });
    assert.deepEqual(Object.fromEntries(verdicts), EXPECTED);
  });

  test('what a backend proves is ended by the first sweep, with what Cloud Logging and Cloud Scheduler tell', async () => {
    const { db, apis, batchJob } = world();
    const first = world().first<Swept>(TASK);
    const { finished, held, observed, executionsFixed, skippedRace } = first.summary;
    // Of the executions one is of the sample, and one of a reporter that was killed.
    assert.deepEqual(
      { finished, held, observed, executionsFixed, skippedRace },
      { finished: 2, held: 0, observed: 1, executionsFixed: 2, skippedRace: 0 },
    );
    const jobs = await db.collection('jobs').where('status', '==', 'running').get();
    const left = jobs.docs.map(({ id }) => id).filter((id) => /(done|stopped|killed)$/.test(id));
    assert.deepEqual(left, []);
    const [retried] = (await db.collectionGroup('executions').where('status', '==', 'running').get()).docs;
    assert.equal(retried, undefined);
    const alarms = await db.collection('alarms').where('kind', '==', 'overdue').get();
    const overdue = alarms.docs.map((document) => (document.data() as Alarm).message);
    // The reason given is that of the longest: at some hours of the day a job that began yesterday.
    assert.ok(
      overdue.some((message) => /-now-4\b.*: Vertex AI says JOB_STATE_RUNNING/.test(message)),
      overdue.join(),
    );

    const record = await db.doc(`${ON_CLOUD_RUN.collection}/${batchJob.id}`).get();
    const { status, error } = record.data() ?? {};
    assert.equal(status, 'failed', JSON.stringify(first));
    assert.match(error, /CUDA out of memory/);
    const asked = new Set(apis.requests().map(({ api }) => api));
    assert.deepEqual(
      ['logging', 'run', 'aiplatform'].filter((api) => !asked.has(api as 'logging')),
      [],
    );
    const { scheduleDrift } = first.summary;
    assert.equal(scheduleDrift?.length, 1, JSON.stringify(first));
    assert.match(scheduleDrift[0] ?? '', /^prune-records: .*paused/i);
  });
}

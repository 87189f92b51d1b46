import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { readEnvironment } from '../../functions/shared/environment.ts';
import type { Alarm } from '../../functions/shared/model/alarm.ts';
import { openFirestore } from '../../functions/shared/store/firestore.ts';
import { type Stack, up } from '../../scripts/stack/up.ts';

const TASK = 'sweep-stale-jobs';

interface Answer {
  outcome: string;
  summary: Record<string, unknown> & { verdicts?: Told[] };
}

interface Told {
  source: string;
  job: string;
  execution: string | null;
  verdict: string;
  written: string;
}

/**
 * By source and the end of the name: the execution, the verdict of the first sweep, and what it does about that. Records without a
 * usable clock are missing: they are believed for a while after they were written, which is just now.
 */
const EXPECTED = {
  'jobs done': [null, 'finish', 'dry run'],
  'jobs stopped': [null, 'finish', 'dry run'],
  'jobs killed': [null, 'fail', 'dry run'],
  'jobs given-up': [null, 'fail', 'dry run'],
  'jobs retried': ['5', 'lost', 'dry run'],
  'jobs silent': [null, 'lost', 'held'],
  'jobs gone': [null, 'unknown', 'no'],
  'jobs elsewhere': [null, 'unknown', 'no'],
  'jobs now-4': [null, 'keep', 'no'],
  'etl done': [null, 'finish', 'observe'],
  'etl gone': [null, 'unknown', 'no'],
  'etl unanswered': [null, 'unknown', 'no'],
};

describe('the jobs of the sample world that are not what they say', () => {
  const project = `sweep-${process.pid}`;
  let stack: Stack;
  before(async () => {
    stack = await up({ sample: true, project });
  });
  after(() => stack?.stop());

  async function sweep(body: object = {}): Promise<Answer> {
    const response = await fetch(`${stack.gatewayUrl}/${TASK}`, {
      method: 'POST',
      body: JSON.stringify(body),
      headers: { 'content-type': 'application/json' },
    });
    return (await response.json()) as Answer;
  }

  test('are each judged for what they are, and what a backend proves is ended by the first sweep', async (t) => {
    const { summary: dry } = await sweep({ dryRun: true });
    const verdicts = (dry.verdicts ?? []).flatMap(({ source, job, execution, verdict, written }) => {
      const kind = Object.keys(EXPECTED).find((name) => `${source} ${job}`.match(name.replace(' ', ' .*-')));
      return kind ? [[kind, [execution, verdict, written]] as const] : [];
    });
    assert.deepEqual(Object.fromEntries(verdicts), EXPECTED);

    const first = await sweep();
    const { finished, held, observed, executionsFixed, skippedRace } = first.summary;
    assert.deepEqual(
      { finished, held, observed, executionsFixed, skippedRace },
      { finished: 2, held: 1, observed: 1, executionsFixed: 1, skippedRace: 0 },
    );
    const db = openFirestore(
      readEnvironment({ GOOGLE_CLOUD_PROJECT: project, FIRESTORE_EMULATOR_HOST: stack.emulatorHost }),
    );
    t.after(() => db.terminate());
    const jobs = await db.collection('jobs').where('status', '==', 'running').get();
    const left = jobs.docs.map(({ id }) => id).filter((id) => /(done|stopped|killed|given-up)$/.test(id));
    assert.deepEqual(left, []);
    const [retried] = (await db.collectionGroup('executions').where('status', '==', 'running').get()).docs;
    assert.equal(retried, undefined);
    const alarms = await db.collection('alarms').where('kind', '==', 'overdue').get();
    const overdue = alarms.docs.map((document) => (document.data() as Alarm).message);
    assert.ok(
      overdue.some((message) => /-now-4: Vertex AI says JOB_STATE_RUNNING/.test(message)),
      overdue.join(),
    );
  });
});

import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import type { Truth } from '../../../functions/shared/model/job/backend.ts';
import type { Build } from '../../../scripts/stack/stand-ins/google/world.ts';
import { askOne, BEGAN, ENDED, googleBackend, REGION } from '../../support/backends.ts';
import { PROJECT } from '../../support/google.ts';

const ID = '0b4c1bd3-5e0b-4e5d-8f7e-2f1f0d4f8a11';

function build(over: Partial<Build> = {}): Build {
  const times = { createdAt: BEGAN, startedAt: BEGAN, endedAt: ENDED };
  return { id: ID, region: 'global', status: 'SUCCESS', detail: null, ...times, ...over };
}

const setup = (context: TestContext, builds: Build[]) =>
  googleBackend(context, { kind: 'cloud-build' }, { builds });

const STATES: [status: string, state: Truth['state']][] = [
  ['PENDING', 'queued'],
  ['QUEUED', 'queued'],
  ['WORKING', 'running'],
  ['SUCCESS', 'completed'],
  ['FAILURE', 'failed'],
  ['INTERNAL_ERROR', 'failed'],
  ['TIMEOUT', 'failed'],
  ['EXPIRED', 'failed'],
  ['CANCELLED', 'cancelled'],
  ['STATUS_UNKNOWN', 'unknown'],
  ['toString', 'unknown'],
];

describe('a build of Cloud Build', () => {
  for (const [status, state] of STATES)
    test(`that is ${status} is ${state}`, async (context) => {
      const detail = 'Build step failure: build step 0 failed: exit status 1';
      const ended = !['queued', 'running', 'unknown'].includes(state);
      const { backend } = await setup(context, [build({ status, detail, endedAt: ended ? ENDED : null })]);
      const truth = await askOne(backend, ID);
      assert.equal(truth.state, state);
      assert.deepEqual(truth.startedAt, state === 'unknown' ? null : BEGAN);
      assert.deepEqual(truth.endedAt, ended ? ENDED : null);
      assert.equal(truth.error, state === 'failed' ? detail : null);
      assert.equal(truth.said, `Cloud Build says ${status}`);
    });

  test('is found in its region by its full name', async (context) => {
    const { backend } = await setup(context, [build({ region: REGION })]);
    const name = `projects/${PROJECT}/locations/${REGION}/builds/${ID}`;
    assert.equal((await askOne(backend, name)).state, 'completed');
    assert.equal((await askOne(backend, ID)).state, 'gone');
  });

  test('is no other one, whatever comes back', async (context) => {
    const { apis, backend } = await setup(context, [build()]);
    const change = (body: Record<string, unknown>) => Object.assign(body, { id: 'another' });
    apis.faults.add({ fault: { kind: 'changed', change } });
    const { state, said } = await askOne(backend, ID);
    assert.equal(state, 'unknown');
    assert.match(said, /^Cannot read Cloud Build builds\.get of .*: id: /);
  });
});

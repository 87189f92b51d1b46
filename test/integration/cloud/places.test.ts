import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { BackendSettings, Placed } from '../../../functions/shared/model/job/backend.ts';
import { knewAt, NO_CHECKPOINT } from '../../../functions/shared/model/job/sweep-checkpoint.ts';
import { ask, customJob, googleBackend, httpBackend, NOW, REGION } from '../../support/backends.ts';

const googleProject = 'acme-training';
const NAME = `projects/${googleProject}/locations/${REGION}`;

describe('a place', () => {
  const PLACES: [settings: BackendSettings, id: string, placed: Placed][] = [
    [{ kind: 'cloud-build' }, 'b-1', 'guessed'],
    [{ kind: 'cloud-build', googleProject }, 'b-1', 'guessed'],
    [{ kind: 'cloud-build', region: REGION }, 'b-1', 'guessed'],
    [{ kind: 'cloud-build', googleProject, region: REGION }, 'b-1', 'named'],
    [{ kind: 'cloud-build' }, `${NAME}/builds/b-1`, 'named'],
    [{ kind: 'vertex-ai', region: REGION }, '7', 'guessed'],
    [{ kind: 'vertex-ai', googleProject, region: REGION }, '7', 'named'],
    [{ kind: 'vertex-ai', region: REGION }, `${NAME}/customJobs/7`, 'named'],
    [{ kind: 'cloud-run', region: REGION }, 'train/executions/train-1', 'guessed'],
    [{ kind: 'cloud-run', googleProject, region: REGION }, 'train/executions/train-1', 'named'],
    [{ kind: 'cloud-run' }, `${NAME}/jobs/train/executions/train-1`, 'named'],
    [{ kind: 'vertex-ai' }, 'of no form', 'guessed'],
  ];
  for (const [settings, id, placed] of PLACES)
    test(`of ${id} by ${JSON.stringify(settings)} is ${placed}`, async (context) => {
      const { backend } = await googleBackend(context, settings);
      assert.equal((await ask(backend, [id])).get(id)?.placed, placed);
    });

  test('of an HTTP endpoint is guessed, whatever it says', async (context) => {
    const { backend } = await httpBackend(context, new Map([['a', { status: { phase: 'busy' } }]]));
    for (const truth of (await ask(backend, ['a', 'b'])).values()) assert.equal(truth.placed, 'guessed');
  });

  test('is told of those in a list, too', async (context) => {
    const customJobs = Array.from({ length: 25 }, (_, index) => customJob({ id: String(index + 1) }));
    const { backend } = await googleBackend(
      context,
      { kind: 'vertex-ai', googleProject, region: REGION },
      { customJobs },
    );
    for (const truth of (
      await ask(
        backend,
        customJobs.map(({ id }) => id),
      )
    ).values())
      assert.deepEqual([truth.state, truth.placed], ['completed', 'named']);
  });
});

test('that a backend knew a job is forgotten where its settings change', async (context) => {
  const prints = new Set<string>();
  for (const settings of [
    { kind: 'vertex-ai', region: REGION },
    { kind: 'vertex-ai', region: 'us-central1' },
    { kind: 'vertex-ai', googleProject, region: REGION },
    { kind: 'cloud-build', region: REGION },
  ] as const)
    prints.add((await googleBackend(context, settings)).backend.fingerprint);
  for (const mapping of [{}, { url: 'https://other.example/{id}' }, { state: 'state' }])
    prints.add((await httpBackend(context, new Map(), mapping)).backend.fingerprint);
  assert.equal(prints.size, 7);
  const [first = '', second = ''] = prints;
  const marks = { ...NO_CHECKPOINT, backendKnewAt: NOW, backendFingerprint: first };
  assert.deepEqual(
    [knewAt(marks, first), knewAt(marks, second), knewAt(NO_CHECKPOINT, first)],
    [NOW, null, null],
  );
  // The address of an endpoint may hold a secret.
  for (const print of prints) assert.match(print, /^[\w-]{43}$/);
  const { backend } = await googleBackend(context, { kind: 'vertex-ai', region: REGION });
  assert.equal(backend.fingerprint, first);
});

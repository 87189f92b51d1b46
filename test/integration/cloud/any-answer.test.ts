import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { Backend } from '../../../functions/shared/cloud/backends/backend.ts';
import { valueAt } from '../../../functions/shared/model/reading/json-path.ts';
import { readJsonTime } from '../../../functions/shared/model/reading/reading.ts';
import type { Fault } from '../../../scripts/stack/stand-ins/google/faults.ts';
import {
  ask,
  BEGAN,
  customJob,
  ENDED,
  execution,
  googleBackend,
  httpBackend,
  REGION,
} from '../../support/backends.ts';
import { saysEnded } from '../../support/http-answers.ts';
import { anyOf, oddText, spoil } from '../../support/odd-json.ts';
import { seededRandom, sized } from '../../support/soak.ts';

/** A backend of some kind that knows one job, which ended. */
interface Ended {
  backend: Backend;
  id: string;
  /** Where its answers hold the start and the end. */
  times: [startedAt: string, endedAt: string];
  spoil(fault: Fault): void;
}

const KINDS: Record<string, (context: TestContext) => Promise<Ended>> = {
  async 'vertex-ai'(context) {
    const world = { customJobs: [customJob({ id: 'x' })] };
    const { backend, apis } = await googleBackend(context, { kind: 'vertex-ai', region: REGION }, world);
    return {
      backend,
      id: 'x',
      times: ['startTime', 'endTime'],
      spoil: (fault) => void apis.faults.add({ fault, times: 1 }),
    };
  },
  async 'cloud-run'(context) {
    const world = { executions: [execution({ id: 'x' })] };
    const { backend, apis } = await googleBackend(context, { kind: 'cloud-run', region: REGION }, world);
    return {
      backend,
      id: 'train/executions/x',
      times: ['startTime', 'completionTime'],
      spoil: (fault) => void apis.faults.add({ fault, times: 1 }),
    };
  },
  async 'cloud-build'(context) {
    const build = { region: 'global', status: 'SUCCESS', detail: null };
    const world = { builds: [{ ...build, id: 'x', createdAt: BEGAN, startedAt: BEGAN, endedAt: ENDED }] };
    const { backend, apis } = await googleBackend(context, { kind: 'cloud-build' }, world);
    return {
      backend,
      id: 'x',
      times: ['startTime', 'finishTime'],
      spoil: (fault) => void apis.faults.add({ fault, times: 1 }),
    };
  },
  async http(context) {
    const body = { status: { phase: 'done' }, times: [BEGAN, ENDED] };
    const { backend, endpoint } = await httpBackend(context, new Map([['x', body]]));
    return {
      backend,
      id: 'x',
      times: ['times[0]', 'times[1]'],
      spoil: (fault) => void endpoint.faults.add({ fault, times: 1 }),
    };
  },
};

const MOST = 2_500;

for (const [kind, start] of Object.entries(KINDS))
  test(`whatever a backend of kind ${kind} answers, a job ends only where every time that it tells was read`, async (t) => {
    const random = seededRandom(t.diagnostic.bind(t));
    const { backend, id, times, spoil: set } = await start(t);
    let [ended, unread] = [0, 0];
    const isProof = () => ended > 0 && unread > 0;
    for (let run = 0; run < sized(60, MOST) || (run < MOST && !isProof()); run += 1) {
      let told = '';
      const change = (body: Record<string, unknown>) => {
        spoil(body, random);
        told = JSON.stringify(body);
      };
      const status = anyOf([200, 200, 404, 410, 400], random);
      set(
        random() < 0.8 ? { kind: 'changed', change } : { kind: 'malformed', text: oddText(random), status },
      );
      const truth = (await ask(backend, [id])).get(id);
      assert.ok(truth && truth.said !== '', told);
      if (truth.unreadable) assert.ok(truth.said.includes(truth.unreadable), told);
      if (truth.unreadable && truth.state === 'unknown') unread += 1;
      if (!saysEnded(truth) || told === '') continue;
      ended += 1;
      const readings = times.map((path) => {
        const value = valueAt(JSON.parse(told), path);
        const [only] = kind === 'http' && Array.isArray(value) && value.length < 2 ? value : [value];
        return readJsonTime(only, { type: 'iso' });
      });
      assert.deepEqual(
        [truth.startedAt, truth.endedAt],
        readings.map((reading) => (reading.is === 'read' ? reading.value : null)),
        told,
      );
      for (const { is } of readings) assert.notEqual(is, 'unreadable', told);
    }
    assert.ok(isProof(), `${ended} ended, ${unread} had a time that nobody can read`);
  });

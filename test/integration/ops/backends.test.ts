import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { HOUR_MS } from '../../../functions/shared/dates.ts';
import {
  type StatusEndpoint,
  startStatusEndpoint,
} from '../../../scripts/stack/stand-ins/status-endpoint.ts';
import { MAPPING } from '../../support/sweeper.ts';
import { freshProject, settingsFile } from './fresh-project.ts';

/** What `ops doctor` and `ops sources check` tell of a backend whose answers do not fit its settings. */
describe('a backend', () => {
  const project = freshProject();
  const [startedAt, endedAt] = [new Date(Date.now() - 2 * HOUR_MS), new Date(Date.now() - HOUR_MS)];
  let endpoint: StatusEndpoint;
  let elsewhere: StatusEndpoint;
  before(async () => {
    const done = { state: 'done', end: endedAt.getTime() };
    endpoint = await startStatusEndpoint(new Map([['a', done]]));
    elsewhere = await startStatusEndpoint(new Map());
    await project.db.doc('jobs/a').set({
      status: 'running',
      backendId: 'a',
      type: 't',
      error: null,
      createdAt: startedAt,
      startedAt,
      heartbeatAt: startedAt,
      updatedAt: startedAt,
      endedAt: null,
    });
  });
  after(async () => {
    await Promise.all([endpoint.stop(), elsewhere.stop()]);
    await project.end();
  });

  /** What both commands say of the backend of these settings. */
  async function told(over: object): Promise<{ doctor: string[]; sources: string[] }> {
    const backend = {
      kind: 'http',
      url: endpoint.url,
      state: 'state',
      statuses: { done: 'completed' },
      ...over,
    };
    const env = { NIGHTSHIFT_SETTINGS: settingsFile({ jobs: { ...MAPPING, backend } }) };
    const [doctor, sources] = await Promise.all([
      project.ops(['doctor', '--json'], { env }),
      project.ops(['sources', 'check', '--json'], { env }),
    ]);
    const findings: { what: string; state: string; words: string }[] = JSON.parse(doctor.stdout).findings;
    const found = findings.find(({ what }) => what === 'backend of jobs');
    const [report] = JSON.parse(sources.stdout);
    assert.equal(report.toMend, report.backend.state === 'wrong');
    return {
      doctor: [found?.state ?? '', found?.words ?? ''],
      sources: [report.backend.state, report.backend.words],
    };
  }

  const CASES: [what: string, over: () => object, state: string, words: RegExp][] = [
    [
      'that tells times of another type',
      () => ({ endedAt: 'end' }),
      'wrong',
      /says "done"; but nobody can read end: \d+ is not an ISO time/,
    ],
    [
      'that tells what its settings say',
      () => ({ endedAt: { path: 'end', type: 'millis' } }),
      'ok',
      /says "done"$/,
    ],
    [
      'that says a word that nobody mapped',
      () => ({ statuses: { ok: 'completed' } }),
      'wrong',
      /says "done", which its statuses do not map$/,
    ],
    ['without the mapped word', () => ({ state: 'phase' }), 'wrong', /nothing stands at phase/],
    [
      'at another address, which knows no job',
      () => ({ url: elsewhere.url }),
      'wrong',
      /knows none of 1 job, such as a, nor any before/,
    ],
  ];
  for (const [what, over, state, words] of CASES)
    test(`${what} is told of by both`, async () => {
      const { doctor, sources } = await told(over());
      assert.deepEqual(doctor, sources);
      assert.equal(doctor[0], state);
      assert.match(doctor[1] ?? '', words);
    });
});

import assert from 'node:assert/strict';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { after, before, beforeEach, describe, test } from 'node:test';
import builtIn from '../../../functions/settings.json' with { type: 'json' };
import { type GoogleApis, startGoogleApis } from '../../../scripts/stack/stand-ins/google/apis.ts';
import { emptyWorld } from '../../../scripts/stack/stand-ins/google/world.ts';
import { type StackState, writeStack } from '../../../scripts/stack/state.ts';
import { freshFile, freshFolder } from '../../support/folders.ts';
import { ops } from '../../support/ops.ts';

const TASK = 'collect-metrics';

/** What a command acts on: the stack, the project that is named, or nothing. */
describe('what ops acts on', () => {
  const world = emptyWorld('acme-ml');
  const called: { path: string; body: string }[] = [];
  let server: Server;
  let apis: GoogleApis;
  let base: string;
  before(async () => {
    server = createServer(async (request, response) => {
      called.push({ path: request.url ?? '', body: await text(request) });
      response.end(JSON.stringify({ task: TASK, outcome: 'succeeded', summary: {}, problems: [] }));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    apis = await startGoogleApis(world);
  });
  after(async () => {
    server.close();
    await apis.stop();
  });
  beforeEach(() => {
    called.length = 0;
    world.run.services = [];
  });

  /** `ops` of a real project whose Cloud Run is the stand-in. */
  const inProject = (args: string[], env: NodeJS.ProcessEnv = {}) => {
    const settings = { ...builtIn, baseUrls: { run: apis.baseUrls.run } };
    const NIGHTSHIFT_SETTINGS = freshFile('settings.json', JSON.stringify(settings));
    const project = { FIRESTORE_EMULATOR_HOST: '', GOOGLE_CLOUD_PROJECT: 'acme-ml' };
    return ops(args, { env: { ...project, NIGHTSHIFT_SETTINGS, ...env } });
  };
  const service = (name: string, region: string, path: string) => ({
    name,
    region,
    createdAt: new Date(),
    url: `${base}/${path}`,
  });

  /** `ops` beside a running stack of the project `local`, whose functions are the server. */
  const besideStack = (args: string[], env: NodeJS.ProcessEnv = {}, clockFile = '/none') => {
    const NIGHTSHIFT_STATE_DIR = freshFolder();
    const state: StackState = {
      pid: process.pid,
      startedAt: '2026-01-01T00:00:00Z',
      gatewayUrl: `${base}/`,
      emulatorHost: '127.0.0.1:9',
      project: 'local',
      database: '(default)',
      region: 'us-central1',
      settings: freshFile('settings.json', JSON.stringify(builtIn)),
      catalog: null,
      clockFile,
    };
    writeStack(state, { NIGHTSHIFT_STATE_DIR });
    return ops(args, { env: { NIGHTSHIFT_STATE_DIR, FIRESTORE_EMULATOR_HOST: '', ...env } });
  };

  test('a named project: its function as Cloud Run tells it, named before anything is done', async () => {
    world.run.services = [service('other', 'us-central1', 'other'), service(TASK, 'us-central1', 'its')];
    const asked = await inProject(['run', TASK]);
    assert.deepEqual([asked.code, called], [2, []]);
    assert.match(
      asked.stderr,
      /^This runs collect-metrics, in Google Cloud project acme-ml \(127\.0\.0\.1:\d+\): nobody is at the terminal/,
    );
    const done = await inProject(['run', TASK, '--yes']);
    assert.deepEqual([done.code, called], [0, [{ path: '/its', body: '{}' }]]);
    assert.match(done.stderr, /^This runs collect-metrics, in Google Cloud project acme-ml/);
    const dry = await inProject(['sweep', '--dry-run']);
    assert.match(
      dry.stderr,
      /^Cannot find the function of sweep-stale-jobs: Cloud Run has no service of that/,
    );
    assert.match(dry.stderr, /--url URL, as terraform -chdir=infra output functions prints it\n$/);
  });

  test('a project that has the function in two regions: the one of NIGHTSHIFT_REGION', async () => {
    world.run.services = [service(TASK, 'us-central1', 'us'), service(TASK, 'europe-west4', 'eu')];
    const both = await inProject(['run', TASK, '--yes']);
    assert.deepEqual([both.code, called], [2, []]);
    assert.match(both.stderr, /has one in .* and .*\. Add --region REGION, or set NIGHTSHIFT_REGION\n$/);
    await inProject(['run', TASK, '--yes'], { NIGHTSHIFT_REGION: 'europe-west4' });
    assert.deepEqual(
      called.map(({ path }) => path),
      ['/eu'],
    );
  });

  test('a project that does not let its services be listed is told in one line, with the permission', async () => {
    apis.faults.add({ fault: { kind: 'denied' } });
    const { code, stderr } = await inProject(['run', TASK, '--yes']);
    apis.faults.clear();
    assert.deepEqual([code, called], [3, []]);
    assert.match(
      stderr,
      /^Cannot find the function of collect-metrics: .*run\.services\.list.*--url URL.*\n$/,
    );
    assert.equal(stderr.trim().split('\n').length, 1);
  });

  test('a running stack, named before anything is done', async () => {
    const { code, stderr } = await besideStack(['run', TASK]);
    assert.deepEqual([code, called], [0, [{ path: `/${TASK}`, body: '{}' }]]);
    assert.equal(stderr, `This runs collect-metrics, in the local stack at ${base} (project local)\n`);
    const { stderr: swept } = await besideStack(['sweep', '--job', 'x']);
    assert.match(swept, /^This ends x whose record lies, in the local stack at /);
  });

  for (const args of [
    ['run', TASK],
    ['sweep'],
    ['tasks'],
    ['cleanup', 'undo', 'x', '--yes'],
    ['schedules', 'pause', TASK, '--yes'],
  ])
    test(`nothing, where a stack runs and another project is named: ops ${args.join(' ')}`, async () => {
      const { code, stderr, stdout } = await besideStack(args, { GOOGLE_CLOUD_PROJECT: 'acme-ml' });
      assert.deepEqual([code, stdout, called], [2, '', []]);
      assert.match(
        stderr,
        /^Cannot tell which is meant: GOOGLE_CLOUD_PROJECT names acme-ml, and a stack runs/,
      );
    });

  test('a running stack, by its clock, which is set ahead', async () => {
    const { stderr } = await besideStack(['days'], {}, freshFile('clock', '864000000'));
    assert.match(stderr, /^Cannot reach the local stack .*: nothing listens there/);
  });

  test('nothing, where an emulator is named that no stack has', async () => {
    const { code, stderr } = await besideStack(['run', TASK], { FIRESTORE_EMULATOR_HOST: '127.0.0.1:8' });
    assert.deepEqual([code, called], [2, []]);
    assert.match(stderr, /^Cannot tell where the function of collect-metrics is: .* Add --url URL\n$/);
  });

  test('what --url names, also where a stack runs: a real project where the shell names one', async () => {
    const url = ['--url', `${base}/by-hand`];
    const unnamed = await besideStack(['run', TASK, ...url]);
    assert.match(unnamed.stderr, /^This runs collect-metrics, in the local stack at /);
    const elsewhere = ['--url', 'http://127.0.0.1:9/'];
    const named = await besideStack(['run', TASK, ...elsewhere], { GOOGLE_CLOUD_PROJECT: 'acme-ml' });
    assert.deepEqual([named.code, called.length], [2, 1]);
    assert.match(named.stderr, /^This runs collect-metrics, in Google Cloud project acme-ml: nobody is at/);
  });
});

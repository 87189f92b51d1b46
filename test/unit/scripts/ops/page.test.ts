import assert from 'node:assert/strict';
import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { writeStack } from '../../../../scripts/stack/state.ts';
import { freshFolder } from '../../../support/folders.ts';
import { ops } from '../../../support/ops.ts';

const URL = 'http://127.0.0.1:8099/status/';

/** `ops` beside a running stack of the project `local`. */
function besideStack(args: string[], env: NodeJS.ProcessEnv = {}) {
  const NIGHTSHIFT_STATE_DIR = freshFolder();
  writeStack(
    {
      pid: process.pid,
      startedAt: '2026-01-01T00:00:00Z',
      gatewayUrl: 'http://127.0.0.1:8099',
      emulatorHost: '127.0.0.1:9',
      project: 'local',
      database: '(default)',
      region: 'us-central1',
      settings: '/none',
      catalog: null,
      clockFile: '/none',
    },
    { NIGHTSHIFT_STATE_DIR },
  );
  return ops(args, { env: { NIGHTSHIFT_STATE_DIR, FIRESTORE_EMULATOR_HOST: '', ...env } });
}

const inProject = (args: string[], env: NodeJS.ProcessEnv = {}) =>
  ops(args, { env: { FIRESTORE_EMULATOR_HOST: '', GOOGLE_CLOUD_PROJECT: 'acme-ml', ...env } });

describe('ops page', () => {
  test('gives the address at the gateway of the running stack', async () => {
    const { code, stdout } = await besideStack(['page']);
    assert.deepEqual([code, stdout], [0, `The page of the local stack (project local): ${URL}\n`]);
  });

  test('gives of a project the line that brings its page to this machine', async () => {
    const { code, stdout } = await inProject(['page', '--region', 'europe-west4']);
    const lines = [
      'The page of Google Cloud project acme-ml is private. Run, and leave running:',
      '  gcloud run services proxy status --region=europe-west4 --project=acme-ml',
      'Then open http://localhost:8080/',
    ];
    assert.deepEqual([code, stdout], [0, `${lines.join('\n')}\n`]);
  });

  test('gives both to a program', async () => {
    const own = await besideStack(['page', '--json']);
    assert.deepEqual(JSON.parse(own.stdout), {
      place: 'the local stack (project local)',
      url: URL,
      proxy: null,
    });
    const { stdout } = await inProject(['page', '--json'], { NIGHTSHIFT_REGION: 'us-central1' });
    assert.deepEqual(JSON.parse(stdout), {
      place: 'Google Cloud project acme-ml',
      url: 'http://localhost:8080/',
      proxy: 'gcloud run services proxy status --region=us-central1 --project=acme-ml',
    });
  });

  for (const [what, asked, said] of [
    ['a project whose region is not named', () => inProject(['page']), /Add --region REGION/],
    [
      'an emulator that no stack is on',
      () => ops(['page'], { env: { FIRESTORE_EMULATOR_HOST: '127.0.0.1:9' } }),
      /no stack that runs here is on the Firestore emulator at 127\.0\.0\.1:9/,
    ],
    [
      'a project, to be opened without its proxy',
      () => inProject(['page', '--open', '--region', 'us-central1']),
      /start its proxy first, the line above/,
    ],
  ] as const)
    test(`refuses ${what}`, async () => {
      const { code, stderr } = await asked();
      assert.equal(code, 2);
      assert.match(stderr, said);
    });

  test('opens the page of the stack in the browser, or says that there is none', async (t) => {
    if (process.platform !== 'linux') return t.skip('the opener of Linux stands in for the browser');
    const folder = freshFolder();
    const none = await besideStack(['page', '--open'], { PATH: folder });
    assert.equal(none.code, 3);
    assert.match(none.stderr, new RegExp(`there is no xdg-open. Open ${URL} yourself`));
    const opened = join(folder, 'opened');
    writeFileSync(
      join(folder, 'xdg-open'),
      `#!/bin/sh\nprintf %s "$1" > ${opened}.draft\nmv ${opened}.draft ${opened}\n`,
    );
    chmodSync(join(folder, 'xdg-open'), 0o755);
    const { code } = await besideStack(['page', '--open'], { PATH: `${folder}:/usr/bin:/bin` });
    assert.equal(code, 0);
    while (!existsSync(opened)) await sleep(20);
    assert.equal(readFileSync(opened, 'utf8'), URL);
  });
});

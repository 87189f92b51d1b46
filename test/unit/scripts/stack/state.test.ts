import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { environmentOf, type Target } from '../../../../scripts/ops/shared/target.ts';
import { readStack, removeStack, type StackState, writeStack } from '../../../../scripts/stack/state.ts';

test('the newest stack that runs is found, and the end of one leaves the others to be found', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'nightshift-test-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const env = { NIGHTSHIFT_STATE_DIR: folder };
  const state = (pid: number, startedAt: string): StackState => ({
    pid,
    startedAt,
    gatewayUrl: `http://127.0.0.1:${pid}`,
    emulatorHost: '127.0.0.1:1',
    project: 'p',
    settings: '/settings.json',
    catalog: null,
    database: '(default)',
    region: 'here',
    clockFile: '/clock',
  });
  const other = process.ppid;
  const dead = 2 ** 22 + 1;
  writeFileSync(join(folder, `stack-${other}.json`), JSON.stringify(state(other, '2026-01-01T00:00:00Z')));
  writeFileSync(join(folder, `stack-${dead}.json`), JSON.stringify(state(dead, '2026-01-03T00:00:00Z')));
  assert.equal(readStack(env)?.pid, other, 'a dead one is not found');
  writeStack(state(process.pid, '2026-01-02T00:00:00Z'), env);
  assert.equal(readStack(env)?.pid, process.pid);
  removeStack(env);
  assert.equal(readStack(env)?.pid, other);
});

test('a stack is looked at by what it goes by itself, whatever this shell exports for another deployment', () => {
  const stack: StackState = {
    pid: 1,
    startedAt: '',
    gatewayUrl: 'http://127.0.0.1:1',
    emulatorHost: '127.0.0.1:1',
    project: 'p',
    settings: '/stack.json',
    catalog: null,
    database: '(default)',
    region: 'here',
    clockFile: '/clock',
  };
  const exported = {
    NIGHTSHIFT_SETTINGS: '/own.json',
    NIGHTSHIFT_CATALOG: '/own-catalog.json',
    NIGHTSHIFT_REGION: 'there',
    FIRESTORE_DATABASE: 'prod',
    NIGHTSHIFT_CLOCK_FILE: '/other-clock',
  };
  const look = (target: Target, own = stack) => {
    const found = environmentOf(target, exported, own);
    const { NIGHTSHIFT_SETTINGS, NIGHTSHIFT_CATALOG, NIGHTSHIFT_REGION, FIRESTORE_DATABASE } = found;
    return [
      NIGHTSHIFT_SETTINGS,
      NIGHTSHIFT_CATALOG,
      NIGHTSHIFT_REGION,
      FIRESTORE_DATABASE,
      found.NIGHTSHIFT_CLOCK_FILE,
    ];
  };
  const ofStack = { kind: 'stack', project: 'p', host: '127.0.0.1:1' } as const;
  for (const target of [ofStack, { ...ofStack, kind: 'emulator' }] as const)
    assert.deepEqual(look(target), ['/stack.json', undefined, 'here', '(default)', '/clock']);
  assert.equal(look(ofStack, { ...stack, catalog: '/its-catalog.json' })[1], '/its-catalog.json');
  for (const target of [
    { ...ofStack, kind: 'emulator', host: '127.0.0.1:2' },
    { ...ofStack, kind: 'emulator', project: 'other' },
    { kind: 'real', project: 'p' },
  ] as const)
    assert.deepEqual(look(target), Object.values(exported));
});

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { filesOf, type Target } from '../../scripts/ops/target.ts';
import { readStack, removeStack, type StackState, writeStack } from '../../scripts/stack/state.ts';

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

test('records are read by the settings that were named, else by those of the stack that they are in, and by its clock', () => {
  const stack = { emulatorHost: '127.0.0.1:1', project: 'p', settings: '/stack.json', clockFile: '/clock' };
  const ofStack = { kind: 'stack', project: 'p', host: '127.0.0.1:1' } as const;
  for (const [target, variables, expected] of [
    [ofStack, {}, '/stack.json'],
    [{ ...ofStack, kind: 'emulator' }, {}, '/stack.json'],
    [ofStack, { NIGHTSHIFT_SETTINGS: '/own.json' }, '/own.json'],
    [ofStack, { NIGHTSHIFT_SETTINGS: '' }, '/stack.json'],
    [{ ...ofStack, kind: 'emulator', host: '127.0.0.1:2' }, {}, undefined],
    [{ ...ofStack, kind: 'emulator', project: 'other' }, {}, undefined],
    [{ kind: 'real', project: 'p' }, {}, undefined],
  ] as const)
    assert.equal(filesOf(target, variables, stack).settings, expected, JSON.stringify([target, variables]));
  assert.deepEqual(filesOf(ofStack, {}, undefined), { settings: undefined, clockFile: undefined });
  const clockOf = (target: Target) => filesOf(target, {}, stack).clockFile;
  assert.equal(clockOf(ofStack), '/clock');
  assert.equal(clockOf({ ...ofStack, host: '127.0.0.1:2' }), undefined);
  assert.equal(clockOf({ kind: 'real', project: 'p' }), undefined);
});

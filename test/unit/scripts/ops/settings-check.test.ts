import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import settings from '../../../../functions/settings.json' with { type: 'json' };
import { freshFile } from '../../../support/folders.ts';
import { ops } from '../../../support/ops.ts';

/** No emulator, no project, no stack. */
const ALONE = { FIRESTORE_EMULATOR_HOST: '' };

function fileOf(content: unknown): string {
  return freshFile('settings.json', typeof content === 'string' ? content : JSON.stringify(content));
}

describe('ops settings check', () => {
  test('finds the built-in settings fine, without a stack', async () => {
    const { code, stdout } = await ops(['settings', 'check'], { env: ALONE });
    assert.equal(code, 0);
    assert.match(stdout, /^functions\/settings\.json: nothing is wrong\n/);
  });

  test('names every problem with its place and the nearest known key', async () => {
    const file = fileOf({
      ...settings,
      failuresBeforeAlarm: 0,
      colectionPrefix: '',
      collectionPrefix: 'a b',
    });
    const { code, stdout } = await ops(['settings', 'check', file], { env: ALONE });
    assert.equal(code, 1);
    assert.match(stdout, /3 problems\n/);
    assert.match(
      stdout,
      /colectionPrefix: Unknown key "colectionPrefix", did you mean "collectionPrefix"\?\n/,
    );
    assert.match(stdout, /failuresBeforeAlarm: Cannot use 0\n {4}expected: at least 1\n/);
    assert.match(stdout, /collectionPrefix: Cannot use "a b"\n/);
  });

  test('tells a program the same, and of a file that cannot be read', async () => {
    const missing = await ops(['settings', 'check', '/nowhere/x.json', '--json'], { env: ALONE });
    assert.equal(missing.code, 1);
    const { ok, problems } = JSON.parse(missing.stdout);
    assert.deepEqual([ok, problems.length, problems[0].expected], [false, 1, 'a readable JSON file']);
    const broken = await ops(['settings', 'check', fileOf('{"a": ')], { env: ALONE });
    assert.equal(broken.code, 1);
    assert.match(broken.stdout, /the whole file: /);
  });
});

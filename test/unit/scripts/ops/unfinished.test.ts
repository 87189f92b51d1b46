import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { pathToFileURL } from 'node:url';

const MODULE = pathToFileURL(join(import.meta.dirname, '../../../../scripts/ops/unfinished.ts')).href;
const TOLD = /^ops ended before its work was done: /m;

/** Runs a process that does that after it has begun its work. */
function ended(script: string): { code: number | null; stderr: string } {
  const source = `import { refuseUnfinishedEnd } from '${MODULE}'; const finished = refuseUnfinishedEnd(); ${script}`;
  const { status, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', source], {
    encoding: 'utf8',
  });
  return { code: status, stderr };
}

describe('a process that ends with its work unfinished', { concurrency: 4 }, () => {
  for (const [why, script] of [
    ['waits for what never comes', 'await new Promise(() => {});'],
    ['is ended by a library', 'process.exit(0);'],
  ] as const)
    test(`because it ${why}, says so and fails`, () => {
      const { code, stderr } = ended(script);
      assert.equal(code, 3);
      assert.match(stderr, TOLD);
    });

  for (const [what, script, expected] of [
    ['is done', 'finished();', 0],
    ['is done and waits for nothing more', 'finished(); process.exit(0);', 0],
    ['has told an error of its own', 'process.exit(2);', 2],
  ] as const)
    test(`says nothing once it ${what}`, () => {
      const { code, stderr } = ended(script);
      assert.deepEqual([code, stderr], [expected, '']);
    });
});

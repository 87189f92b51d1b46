import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import builtIn from '../../functions/catalog.json' with { type: 'json' };
import { edited } from '../support/edited.ts';
import { ROOT } from '../support/source-files.ts';

const FRAMEWORK = join(ROOT, 'node_modules/@google-cloud/functions-framework/build/src/main.js');

/** The real Functions Framework on collect-metrics: how it ended, and all it said. */
function start(env: Record<string, string>): Promise<{ code: unknown; output: string }> {
  const source = join(ROOT, 'functions/collect-metrics/index.ts');
  const args = [FRAMEWORK, `--source=${source}`, '--target=collectMetrics', '--port=0'];
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      args,
      { env: { ...process.env, ...env }, timeout: 20_000 },
      (error, stdout, stderr) =>
        resolve({ code: error?.code ?? error?.signal ?? 0, output: stdout + stderr }),
    );
  });
}

describe('a function with a wrong configuration', () => {
  for (const [variable, content, line] of [
    [
      'NIGHTSHIFT_CATALOG',
      edited(builtIn, 'collect-metrics.timeoutSeconds', 9000),
      'collect-metrics.timeoutSeconds: Cannot use 9000; expected at most 1800',
    ],
    ['NIGHTSHIFT_CATALOG', {}, 'collect-metrics: Missing; expected an entry'],
    ['NIGHTSHIFT_SETTINGS', { sources: {} }, 'collectionPrefix: Missing; expected a string'],
  ] as const)
    test(`in ${variable} ends at its start and says "${line}"`, async (t) => {
      const folder = mkdtempSync(join(tmpdir(), 'nightshift-test-'));
      t.after(() => rmSync(folder, { recursive: true }));
      const file = join(folder, 'wrong.json');
      writeFileSync(file, JSON.stringify(content));
      const { code, output } = await start({ [variable]: file });
      assert.equal(code, 1, output);
      assert.ok(output.includes(`  ${line}\n`), output);
    });
});

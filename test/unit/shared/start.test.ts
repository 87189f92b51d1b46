import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import builtIn from '../../../functions/catalog.json' with { type: 'json' };
import { InvalidConfiguration } from '../../../functions/shared/errors.ts';
import { startFunction, startService } from '../../../functions/shared/start.ts';
import { FRAMEWORK, ROOT } from '../../../scripts/shared/places.ts';
import { edited } from '../../support/edited.ts';
import { freshFile } from '../../support/folders.ts';

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

/** Does something while a variable of the environment is set. */
function withVariable(name: string, value: string, act: () => void): void {
  const before = process.env[name];
  process.env[name] = value;
  try {
    act();
  } finally {
    if (before === undefined) delete process.env[name];
    else process.env[name] = before;
  }
}

const WRONG = [
  [
    'NIGHTSHIFT_CATALOG',
    edited(builtIn, 'collect-metrics.timeoutSeconds', 9000),
    'collect-metrics.timeoutSeconds: Cannot use 9000; expected at most 1800',
  ],
  ['NIGHTSHIFT_CATALOG', {}, '(the whole file): No task; expected at least one task'],
  [
    'NIGHTSHIFT_CATALOG',
    { 'other-task': builtIn['collect-metrics'] },
    'collect-metrics: Missing; expected an entry',
  ],
  ['NIGHTSHIFT_SETTINGS', { sources: {} }, 'sources: No source; expected at least one collection of jobs'],
] as const;

describe('a function with a wrong configuration', () => {
  for (const [variable, content, line] of WRONG)
    test(`in ${variable} does not start, because of "${line}"`, () =>
      withVariable(variable, freshFile('wrong.json', JSON.stringify(content)), () =>
        assert.throws(
          () => startFunction('collect-metrics'),
          (error) => error instanceof InvalidConfiguration && error.message.includes(`  ${line}`),
        ),
      ));

  test('does not start a service that its catalogue does not have, or has as a task', () => {
    const { status, ...tasks } = builtIn;
    for (const catalog of [tasks, { ...tasks, status: builtIn['prune-records'] }])
      withVariable('NIGHTSHIFT_CATALOG', freshFile('wrong.json', JSON.stringify(catalog)), () =>
        assert.throws(() => startService('status'), /status: Missing; expected an entry of kind service/),
      );
    assert.equal(startService('status').options.limitMs, (status.timeoutSeconds - 5) * 1000);
  });

  test('ends its process at its start and says why', async () => {
    const [[variable, content, line]] = WRONG;
    const { code, output } = await start({ [variable]: freshFile('wrong.json', JSON.stringify(content)) });
    assert.equal(code, 1, output);
    assert.ok(output.includes(`  ${line}\n`), output);
  });
});

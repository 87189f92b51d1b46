import { createRequire } from 'node:module';
import type { TestShard } from 'node:test';
import { parseArgs } from 'node:util';

/**
 * Runs test files as `node --test --test-isolation=none` does, in less time: `node in-one-process.ts [--shard=1/3] GLOB...`;
 * other options of the runner are given to Node, such as `--test-timeout`. The runner follows each promise, to name the test
 * of an error that nobody catches, and that takes a seventh of all the time. Here such an error fails the run without a name.
 */

const require = createRequire(import.meta.url);
const hooks: typeof import('node:async_hooks') = require('node:async_hooks');
const { createHook } = hooks;
hooks.createHook = (callbacks) => createHook({ ...callbacks, trackPromises: false });
// Loaded only now, and with it the runner.
const { run } = await import('node:test');
const { spec } = await import('node:test/reporters');
hooks.createHook = createHook;

const { values, positionals } = parseArgs({
  options: { shard: { type: 'string' } },
  allowPositionals: true,
});

run({
  globPatterns: positionals,
  isolation: 'none',
  shard: values.shard === undefined ? undefined : shardOf(values.shard),
})
  .on('test:summary', ({ success }) => {
    if (!success) process.exitCode = 1;
  })
  .compose(spec)
  .pipe(process.stdout);

function shardOf(text: string): TestShard {
  const [index, total] = text.split('/').map(Number);
  if (!index || !total) throw new Error(`Expected --shard=1/3, got ${text}`);
  return { index, total };
}

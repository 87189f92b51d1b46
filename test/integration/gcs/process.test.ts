import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { ROOT } from '../../../scripts/shared/places.ts';

const MAIN = join(ROOT, 'scripts/stack/stand-ins/gcs/main.ts');
/** Without the arguments of this very process, which may be those of a test runner. */
const OPTIONS = { silent: true, execArgv: [] };

test('the stand-in runs in a process of its own, filled as it is told to, and ends with whoever forked it', async (context) => {
  const config = {
    project: 'acme-ml',
    buckets: [{ name: 'acme-data', objects: { count: 2_000, prefix: 'jobs/', size: 7, ageDays: 40 } }],
  };
  const child = fork(MAIN, [JSON.stringify(config)], OPTIONS);
  context.after(() => child.kill());
  assert.ok(child.stdout);
  const { value: baseUrl } = await createInterface(child.stdout)[Symbol.asyncIterator]().next();
  const address = `${baseUrl}/storage/v1/b/acme-data/o?startOffset=jobs/00001999&fields=items(name,size,timeCreated)`;
  const { items } = (await (await fetch(address)).json()) as { items: Record<string, string>[] };
  assert.equal(items.length, 1);
  const { name, size, timeCreated = '' } = items[0] ?? {};
  assert.deepEqual([name, size], ['jobs/00001999', '7']);
  const ageDays = (Date.now() - Date.parse(timeCreated)) / 86_400_000;
  assert.ok(ageDays >= 40 && ageDays < 40.1);
  child.disconnect();
  assert.deepEqual(await once(child, 'exit'), [0, null]);
});

test('a configuration with a mistake is refused by its name', async () => {
  const child = fork(MAIN, ['{"project": "acme-ml", "bucket": []}'], OPTIONS);
  let said = '';
  child.stderr?.on('data', (text) => {
    said += text;
  });
  const [code] = await once(child, 'exit');
  assert.equal(code, 1);
  assert.match(said, /bucket: Unknown key "bucket", did you mean "buckets"\?/);
});

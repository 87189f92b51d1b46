import assert from 'node:assert/strict';
import { test } from 'node:test';
import { filesBelow } from '../../support/source-files.ts';

test('no file of status names a call that writes', () => {
  const own = filesBelow('functions/status').filter(({ path }) => !path.includes('/page/'));
  for (const { path, code } of own)
    assert.doesNotMatch(code, /\.(?:commit|bulkWriter|batch|runTransaction|putEnding|putTakenBack)\(/, path);
  const store = filesBelow('functions/shared/store/own').find(({ path }) => /status-records/.test(path));
  assert.ok(store);
  assert.doesNotMatch(store.code, /\.(?:commit|batch|set|update|create|delete|add|runTransaction)\(/);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MOST_BODY_BYTES } from '../../../functions/shared/model/report/report.ts';
import { ask } from '../../../scripts/shared/ask.ts';
import type { SampleWorld } from './world.ts';

/** What `npm start` says of the sample world. */
export function tells(world: () => SampleWorld): void {
  test('what is there and what each task did is told in words, and a plan that waits is nothing wrong', () => {
    const { told, isFine } = world();
    assert.ok(isFine, told);
    for (const line of [
      /40 days of 3 ML projects, \d{3} jobs: .*before they started/,
      /; 3 ETL pipelines, [\d,]+ runs: \d+ failed, \d running/,
      /google {5}stand-ins of Cloud Monitoring, .*, Cloud Storage on 127.0.0.1:\d+/,
      /collect-metrics succeeded in/,
      /GPU-hours used/,
      /; 6 registered models; 1 pin\n/,
      /cleanup-artifacts partial in .*\n {4}the plan waits for approval, nothing of it was/,
      / Approve it {2}npm run -s ops -- cleanup approve plan-\S+\n/,
      /sweep-stale-jobs succeeded in .*\n {4}\d+ records looked at, ended \d+: 2 finished, /,
      // On a busy machine it may not have the time to tell which of them are jobs.
      /observe-workloads (?:succeeded|partial) in .*\n {6}Builds .*\n(?: +.*\n)* {6}Runner .* 4 failed,/,
      /prune-records succeeded in .*\n {4}no record of ours is past its time\n/,
    ])
      assert.match(told, line);
  });

  test('a job that reports comes to what became of it, whatever happened on the way', () => {
    const { told } = world();
    for (const line of [
      /\nJobs that report\n/,
      / reports-well-\d+ .*\n +completed, .* s; 100 %, step 3,000 of 3,000, epoch 3\n/,
      / reports-cut-off-\d+ .*\n +completed, /,
      / reports-killed-\d+ .*\n +failed, .*; reporter-gone: a reporter on its host /,
      // By our clock it is of now, and by its own of eight hours ago.
      / reports-wrong-clock-\d+ .*\n +completed, .* UTC, 120 s\n/,
    ])
      assert.match(told, line);
  });

  for (const [path, mostBytes] of [
    ['report', MOST_BODY_BYTES],
    ['status/api/workloads/refresh', 1024],
  ] as const)
    test(`what is posted to ${path} packed or too long is refused, whatever it holds`, async () => {
      const url = `${world().stack.gatewayUrl}/${path}`;
      const headers = { 'content-type': 'application/json' };
      // Not what it says: unpacking it would fail, with another answer.
      const packed = await ask(url, { headers: { ...headers, 'content-encoding': 'gzip' }, body: '{}' });
      assert.equal(packed.status, 415, packed.text);
      // No JSON: read by the framework, it would be answered 400.
      const long = await ask(url, { headers, body: '{'.repeat(mostBytes + 1) });
      assert.equal(long.status, 413, long.text);
    });
}

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import type { Report } from '../../../scripts/report/outbox/report.ts';
import { freshFolder } from '../../support/folders.ts';
import { clients, launch, type Running } from '../../support/report-client.ts';
import { executionsOf, unline } from '../../support/report-outbox.ts';
import { type Behaviour, startReportServer } from '../../support/report-server.ts';
import { seededRandom, sized } from '../../support/soak.ts';

/** Killed at any moment, in any number: nothing that was seen is lost, and nothing that was not is told. */

const KILLS = sized(6, 1_000);
const STOPS = sized(2, 200);
/** Two processors are shared with whatever else is tested. */
const AT_ONCE = 4;
const FAULTS: Behaviour[] = ['ok', 'reset', 'half', { status: 503 }, { result: () => 'later' }];

/** Runs as many at once as the machine bears. */
async function each(count: number, run: (i: number) => Promise<void>): Promise<void> {
  let next = 0;
  const worker = async () => {
    while (next < count) await run(next++);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
}

function kill(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It was faster.
  }
}

for (const { name, argv, skip } of await clients())
  describe(`kills, ${name}`, { skip, concurrency: 1 }, () => {
    test(`${KILLS} wrappers are killed at any moment, the service fails in every way: no end is lost, none is wrong`, async (t) => {
      const random = seededRandom((message) => t.diagnostic(message));
      const outbox = freshFolder();
      const server = await startReportServer();
      t.after(() => server.close());
      server.behave(() => FAULTS[Math.floor(random() * FAULTS.length)] as Behaviour);
      const env = { NIGHTSHIFT_URL: server.url, NIGHTSHIFT_OUTBOX: outbox };
      // At any moment of a life, however long that is on this machine.
      const began = performance.now();
      await launch([...argv, 'exec', '--job', 'kill-0', '--', 'true'], env).ended;
      const longest = 1.5 * (performance.now() - began);
      await each(KILLS, async (i) => {
        // Of three one ends by itself before it can be killed, one at about that time, and one never.
        const command = ['true', 'sleep 0.1; exit 3', 'exec sleep 60'][i % 3] as string;
        const script = `echo "$$ "; ${command}`;
        const flags = ['--job', `kill-${i}`, '--linger', '100ms'];
        const run = launch([...argv, 'exec', ...flags, '--', 'sh', '-c', script], env);
        await Promise.race([pause(random() * longest), run.ended]);
        kill(run.pid, 'SIGKILL');
        const { stdout } = await run.ended;
        // Only the one that certainly lives: the number of another may be somebody else's by now.
        if (i % 3 === 2 && stdout) kill(Number(stdout), 'SIGKILL');
      });

      const ends = executionsOf(outbox).flatMap((execution) => endIn(join(outbox, execution)) ?? []);
      server.behave('ok');
      const { code, stderr } = await launch([...argv, 'sync', '--outbox', outbox, '--url', server.url]).ended;
      assert.equal(code, 0, stderr);
      assert.doesNotMatch(stderr, /cannot read/);

      const reports = server.reports();
      for (const end of ends) assert.deepEqual(reports.findLast(sameAs(end)), end);
      const heard = Map.groupBy(reports, ({ execution }) => execution);
      for (const [execution, all] of heard) {
        const contents = new Map<number, string>();
        for (const report of all) {
          const content = JSON.stringify(report);
          assert.equal(
            contents.get(report.seq) ?? content,
            content,
            `${execution}: two reports are number ${report.seq}`,
          );
          contents.set(report.seq, content);
        }
        const last = all.reduce((a, b) => (b.seq > a.seq ? b : a));
        const kind = Number(last.job.slice('kill-'.length)) % 3;
        // A job that was killed with its wrapper has no end that anybody saw.
        if (last.end)
          assert.deepEqual(
            last.end.exitCode,
            [0, 3, undefined][kind],
            `${execution}: ${JSON.stringify(last)}`,
          );
        else assert.ok(last.state === 'gone' || last.state === 'running', last.state);
      }
      t.diagnostic(`${heard.size} executions were heard of, ${ends.length} ends waited on disk`);
    });

    test(`${STOPS} jobs are told to stop: each is told of within the grace`, async (t) => {
      const random = seededRandom((message) => t.diagnostic(message));
      const server = await startReportServer();
      t.after(() => server.close());
      const env = { NIGHTSHIFT_URL: server.url, NIGHTSHIFT_OUTBOX: freshFolder() };
      let delivered = 0;
      await each(STOPS, async (i) => {
        const seconds = (random() * sized(0.2, 5)).toFixed(2);
        const script = `trap 'sleep ${seconds}; exit 0' TERM; echo up; while :; do sleep 0.05; done`;
        const flags = ['--job', `stop-${i}`, '--grace', '10s'];
        const run: Running = launch([...argv, 'exec', ...flags, '--', 'sh', '-c', script], env);
        await run.said('up');
        kill(run.pid, 'SIGTERM');
        const grace = setTimeout(() => kill(run.pid, 'SIGKILL'), 10_000);
        const { code } = await run.ended;
        clearTimeout(grace);
        // What was under way when it ended may come after its end.
        const end = server.reports().find((report) => report.job === `stop-${i}` && report.end)?.end;
        if (code === 0 && end?.state === 'completed') delivered += 1;
      });
      assert.ok(delivered >= 0.99 * STOPS, `${delivered} of ${STOPS}`);
    });
  });

/** The end that a folder holds, if it is whole. */
function endIn(dir: string): Report | undefined {
  try {
    return unline<Report>(readFileSync(join(dir, 'end.json'), 'utf8'));
  } catch {
    return undefined;
  }
}

function sameAs({ execution, seq }: Report): (report: Report) => boolean {
  return (report) => report.execution === execution && report.seq === seq;
}

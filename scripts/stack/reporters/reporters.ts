import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { addMs, HOUR_MS, MINUTE_MS } from '../../../functions/shared/dates.ts';
import { openProxy } from './proxy.ts';
import { type Reporting, startWrapped, sync } from './wrapped-job.ts';

/** The jobs of the sample that report themselves: each meets a misfortune of its own, but for the first. */

/** A job that reported, and what happened to it, in words. */
export interface ReportedJob {
  job: string;
  happened: string;
}

/** Where they report to. */
export interface Place {
  gatewayUrl: string;
  now: Date;
  signal: AbortSignal;
}

/** Runs the jobs that report, side by side; resolves once each of them is over. One that fails leaves out itself. */
export async function runReporters({ gatewayUrl, now, signal }: Place): Promise<ReportedJob[]> {
  const url = `${gatewayUrl}/report`;
  const folder = mkdtempSync(join(tmpdir(), 'nightshift-reporters-'));
  const at = now.toISOString().slice(11, 19).replaceAll(':', '');
  const of = (name: string): Reporting => {
    return { job: `reports-${name}-${at}`, url, outbox: join(folder, name), signal };
  };
  try {
    const all = await Promise.allSettled([
      runWell(of('well'), join(folder, 'progress.json')),
      runCutOff(of('cut-off')),
      runKilled(of('killed')),
      runWithWrongClock(of('wrong-clock'), now),
    ]);
    signal.throwIfAborted();
    return all.flatMap((one) => (one.status === 'fulfilled' ? one.value : []));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function runWell(reporting: Reporting, progress: string): Promise<ReportedJob> {
  writeFileSync(progress, JSON.stringify({ fraction: 1, step: 3_000, of: 3_000, note: 'epoch 3' }));
  const job = startWrapped(reporting, ['--progress-file', progress]);
  await job.heard();
  await job.finish();
  await sync(reporting);
  return { job: reporting.job, happened: 'nothing went wrong' };
}

/** What it reports goes through a proxy that is down when it ends. */
async function runCutOff(reporting: Reporting): Promise<ReportedJob> {
  const proxy = await openProxy(new URL(reporting.url));
  try {
    const through = { ...reporting, url: proxy.url };
    const job = startWrapped(through, []);
    await job.heard();
    proxy.down();
    await job.finish();
    proxy.up();
    await sync(through);
    return { job: reporting.job, happened: 'its proxy was down when it ended; its end waited on disk' };
  } finally {
    await proxy.stop();
  }
}

async function runKilled(reporting: Reporting): Promise<ReportedJob> {
  const job = startWrapped(reporting, []);
  await job.heard();
  await job.kill();
  await sync(reporting);
  return { job: reporting.job, happened: 'kill -9; the next reporter on its host found it dead' };
}

/** Reports as whoever has nothing but HTTP would, from a machine whose clock is eight hours behind. */
async function runWithWrongClock({ job, url, signal }: Reporting, now: Date): Promise<ReportedJob> {
  const behind = (minutes: number) => addMs(now, -8 * HOUR_MS - minutes * MINUTE_MS).toISOString();
  const execution = { job, execution: 'one', host: 'eight-hours-behind', startedAt: behind(3) };
  const reports = [
    { ...execution, seq: 1, at: behind(3), state: 'running' },
    { ...execution, seq: 2, at: behind(1), end: { state: 'completed', exitCode: 0, cause: 'exit' } },
  ];
  const answer = await fetch(url, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ v: 1, source: 'jobs', sentAt: behind(0), reports }),
    signal,
  });
  await answer.body?.cancel();
  return { job, happened: 'its clock is eight hours behind' };
}

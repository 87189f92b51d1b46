import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { MINUTE_MS } from '../../../functions/shared/dates.ts';
import type { LogLine } from '../../../scripts/stack/stand-ins/google/world.ts';
import { customJob, freshObserver } from '../../support/observer.ts';
import { noon } from '../../support/workloads.ts';

const FAILED = { state: 'JOB_STATE_FAILED', endedAt: noon(-1) };

/** A line of the log of job 7. */
const said = (second: number, payload: LogLine['payload']): LogLine => ({
  customJob: '7',
  at: new Date(noon(-10).getTime() + second * 1_000),
  severity: 'ERROR',
  payload,
});

describe('a log, whatever it is made of', { concurrency: 3 }, () => {
  test('is read where an entry has no message', async (t) => {
    const observer = await freshObserver(t);
    observer.world.customJobs = [customJob('7', FAILED)];
    observer.world.logs = [said(1, { message: "KeyError: 'lr'" }), said(2, { event: 'epoch', loss: 0.3 })];
    await observer.refresh();
    const [row] = (await observer.stored('vertex')).rows;
    assert.deepEqual([row?.reason?.line, row?.note], ["KeyError: 'lr'", null]);
  });

  test('tells by its end, where its last entry is longer than what is kept', async (t) => {
    const observer = await freshObserver(t);
    observer.world.customJobs = [customJob('7', FAILED)];
    observer.world.logs = [said(1, `${'x'.repeat(70_000)}\nKeyError: 'lr'`)];
    await observer.refresh();
    const [row] = (await observer.stored('vertex')).rows;
    assert.equal(row?.reason?.line, "KeyError: 'lr'");
  });

  test('has told the reason, and what the platform says a minute later is less than that', async (t) => {
    const observer = await freshObserver(t);
    const job = customJob('7', FAILED);
    observer.world.customJobs = [job];
    const frames = Array.from(
      { length: 60 },
      (_, index) => `[rank${index % 8}]: frame #${index}: c10d::x + 0x${index}`,
    );
    observer.world.logs = [
      '[rank3]: Traceback (most recent call last):',
      '[rank3]:   File "/app/train.py", line 10, in <module>',
      '[rank3]: torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 20 MiB',
      ...frames,
      '[rank0]: torch.distributed.DistBackendError: NCCL error, remote process exited',
    ].map((message, second) => said(second, { message }));
    await observer.refresh();
    job.error = 'The replica workerpool0-0 exited with a non-zero status of 1.';
    observer.pass(2 * MINUTE_MS);
    await observer.refresh();
    const [row] = (await observer.stored('vertex')).rows;
    assert.match(row?.reason?.line ?? '', /CUDA out of memory/);
  });
});

test('half a character in a name or in what a platform says stops nothing', async (t) => {
  const observer = await freshObserver(t);
  const error = 'bad \ud83d';
  observer.world.customJobs = [
    customJob('7', { state: 'JOB_STATE_FAILED', endedAt: noon(-1), displayName: 'half \ud83d', error }),
    customJob('8', {}),
  ];
  observer.world.logs = [said(1, { message: 'ValueError: \ud83d' })];
  await observer.refresh();
  assert.equal((await observer.stored('vertex')).rows.length, 2);
});

test('what the platform says of an end is kept without secrets', async (t) => {
  const observer = await freshObserver(t);
  const key = 'abcdef0123456789abcdef0123456789abcdef01';
  const error = `WANDB_API_KEY=${key} https://ada:hunter2@example.com/x`;
  observer.world.customJobs = [customJob('7', { state: 'JOB_STATE_FAILED', endedAt: noon(-1), error })];
  await observer.refresh();
  const text = JSON.stringify(await observer.ends());
  assert.ok(!text.includes(key) && !text.includes('hunter2'), text);
});

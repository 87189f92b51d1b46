import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ROOT } from '../../shared/places.ts';

/** A job of the sample with the reporter's command in front of it, as anybody would start it. */

const COMMAND = join(ROOT, 'scripts/report/main.ts');
const LOOK_MS = 50;
/** A reporter that is not heard of by then is not waited for: the stack goes on without it. */
const LONGEST_MS = 20_000;

/** Where a job reports to, and where its reports wait. */
export interface Reporting {
  job: string;
  url: string;
  outbox: string;
  signal: AbortSignal;
}

/** A job that works until it is told that it has enough. */
export interface WrappedJob {
  /** Resolves when a report of it was accepted, or when that took too long. */
  heard(): Promise<void>;
  /** Lets it end by itself; resolves when it has. */
  finish(): Promise<void>;
  /** Kills it and the command in front of it, as a machine that goes down would. */
  kill(): Promise<void>;
}

/** Starts a job that reports. It reads its input, and ends with it. */
export function startWrapped({ job, url, outbox, signal }: Reporting, flags: readonly string[]): WrappedJob {
  const args = ['exec', '--job', job, '--url', url, '--outbox', outbox, '--linger', '0s', ...flags];
  const child = report([...args, '--', 'cat'], signal);
  const ended = once(child, 'close').then(
    () => undefined,
    () => undefined,
  );
  return {
    async heard() {
      for (const deadline = performance.now() + LONGEST_MS; performance.now() < deadline; ) {
        if (child.exitCode !== null || signal.aborted || isAcknowledged(outbox)) return;
        await sleep(LOOK_MS);
      }
    },
    finish() {
      child.stdin?.end();
      return ended;
    },
    async kill() {
      child.kill('SIGKILL');
      // What it ran reads the same input, and ends with it.
      child.stdin?.end();
      await ended;
    },
  };
}

/** Sends what waits in an outbox, and speaks for those that were killed. */
export async function sync({ url, outbox, signal }: Omit<Reporting, 'job'>): Promise<void> {
  const child = report(['sync', '--url', url, '--outbox', outbox, '--wait', '10s'], signal);
  child.stdin?.end();
  await once(child, 'close').catch(() => undefined);
}

/** Whether any report in an outbox was acknowledged. */
function isAcknowledged(outbox: string): boolean {
  if (!existsSync(outbox)) return false;
  return readdirSync(outbox).some((execution) => existsSync(join(outbox, execution, 'sent')));
}

function report(args: readonly string[], signal: AbortSignal): ChildProcess {
  const child = spawn(process.execPath, [COMMAND, ...args], { signal, stdio: ['pipe', 'ignore', 'ignore'] });
  // To be told to stop is no fault of it.
  child.on('error', () => undefined);
  return child;
}

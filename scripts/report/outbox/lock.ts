import { closeSync, openSync, rmSync, statSync } from 'node:fs';
import { readRecord, writeWhole } from './files.ts';
import { encodeLine } from './line.ts';
import { livenessOf, processOf, type Realm } from './liveness.ts';
import type { Process } from './report.ts';

const STALE_MS = 60_000;

/** Takes the lock file; returns what lets go of it, or `undefined` when somebody who may live holds it. */
export function takeLock(file: string, here: Realm): (() => void) | undefined {
  for (let tries = 0; tries < 2; tries++) {
    try {
      const fd = openSync(file, 'wx', 0o600);
      try {
        writeWhole(fd, encodeLine({ pid: process.pid, start: processOf(process.pid)?.start ?? '', ...here }));
      } finally {
        closeSync(fd);
      }
      return () => rmSync(file, { force: true });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') return undefined;
    }
    if (!isStale(file, here)) return undefined;
    rmSync(file, { force: true });
  }
  return undefined;
}

/** Tries for at most a second: a lock is held for as long as a few small files take. */
export async function waitForLock(file: string, here: Realm): Promise<(() => void) | undefined> {
  for (let waited = 0; waited <= 1_000; waited += 20) {
    const release = takeLock(file, here);
    if (release) return release;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return undefined;
}

function isStale(file: string, here: Realm): boolean {
  try {
    if (Date.now() - statSync(file).mtimeMs > STALE_MS) return true;
  } catch {
    return true;
  }
  const holder = readRecord<Process & Realm>(file);
  return holder.kind === 'value' && livenessOf(holder.value, holder.value, here) === 'dead';
}

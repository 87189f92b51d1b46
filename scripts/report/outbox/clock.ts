import { readFileSync } from 'node:fs';
import { randomName } from './execution-id.ts';
import { isoOf } from './iso.ts';
import type { Stamp } from './report.ts';

/** Where there is no /proc: an id that no other process shares, so that nobody counts with this clock of ours. */
let ownId: string | undefined;

/** Now, on both clocks. */
export function stampNow(): Stamp {
  return { at: isoOf(Date.now()), bootMs: bootNow(), bootId: bootId() };
}

/**
 * Milliseconds on a clock that nobody sets and that stands while the machine is suspended. Not `performance.now()`, which
 * loads 1 MB of what else can be measured.
 */
export function monotonicNow(): number {
  const [seconds, nanoseconds] = process.hrtime();
  return seconds * 1_000 + nanoseconds / 1_000_000;
}

/** Milliseconds since the machine started; /proc/uptime goes on while the machine is suspended, the process's own clock does not. */
export function bootNow(): number {
  const uptime = readWord('/proc/uptime');
  return Math.round(uptime === undefined ? monotonicNow() : Number(uptime) * 1_000);
}

function bootId(): string {
  const id = readWord('/proc/uptime') && readWord('/proc/sys/kernel/random/boot_id');
  if (id) return id;
  ownId ??= `process:${randomName()}`;
  return ownId;
}

/** The first word of a file; `undefined` where there is none. */
function readWord(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8').split(/\s/, 1)[0] || undefined;
  } catch {
    return undefined;
  }
}

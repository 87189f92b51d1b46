import { readFileSync, readlinkSync } from 'node:fs';
import type { Process } from './report.ts';

/** What can be said of a process that somebody wrote down. */
export type Liveness = 'alive' | 'dead' | 'unknown';

/** Where the number of a process holds. */
export interface Realm {
  bootId: string;
  pidns: string | null;
}

/** The namespace of our own process numbers; null where there is no /proc. */
export function ownPidns(): string | null {
  try {
    return readlinkSync('/proc/self/ns/pid');
  } catch {
    return null;
  }
}

/** The process `pid` as it can be found again; null where there is no /proc, or it is gone. */
export function processOf(pid: number): Process | null {
  const stat = statOf(pid);
  return stat && stat.state !== 'Z' ? { pid, start: stat.start } : null;
}

/**
 * Whether a process that was written down `there` still lives. Another container, or a folder that several machines share,
 * has numbers of its own: then nothing is known.
 */
export function livenessOf(process: Process, there: Realm, here: Realm): Liveness {
  if (here.pidns === null || there.bootId !== here.bootId || there.pidns !== here.pidns) return 'unknown';
  return processOf(process.pid)?.start === process.start ? 'alive' : 'dead';
}

/** The fields of /proc/PID/stat after the name, which may itself hold blanks and brackets: the third is the first here. */
export function statFields(pid: number | 'self'): string[] {
  const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
  return text.slice(text.lastIndexOf(')') + 2).split(' ');
}

function statOf(pid: number): { state: string; start: string } | undefined {
  try {
    const fields = statFields(pid);
    return { state: fields[0] ?? '', start: fields[19] ?? '' };
  } catch {
    return undefined;
  }
}

import type { Contents } from './folder.ts';
import type { Liveness } from './liveness.ts';
import type { Report } from './report.ts';

/** What whoever drains an outbox does with the folder of another one. */
export type Treatment =
  /** Its writer lives and looks after it. */
  | { kind: 'live' }
  | { kind: 'deliver'; report: Report }
  /** Its writer was killed and its process goes on: first-hand, so whoever finds it says so. */
  | { kind: 'beat' }
  /** Shells write it, and one of them was killed before what it said was in a report. */
  | { kind: 'take-in' }
  /** Both are dead, and nobody has seen how it ended. */
  | { kind: 'gone' }
  /** All of it is delivered. */
  | { kind: 'remove' }
  /** Nothing new, and no proof of anything. */
  | { kind: 'leave' }
  | { kind: 'unreadable'; file: string; why: string };

/** What is known of the processes of an execution; `undefined` where none is written down. */
export interface Lives {
  writer: Liveness | undefined;
  child: Liveness | undefined;
}

/** How long ago a folder was written, in milliseconds. */
export interface Ages {
  /** Anything of it. */
  touchedMs: number;
  /** Whether its newest report was written within the interval in which whoever asks looks after others. */
  isRenewed: boolean;
}

/** A folder is made in some milliseconds; one that is this old and not whole was left so. */
const LEFTOVER_MS = 60_000;

/** Decides by what a folder holds. Only what is proven dead is gone: of another machine or container nothing is known. */
export function treatmentOf(
  { open, now, end, sent, events }: Contents,
  { writer, child }: Lives,
  { touchedMs, isRenewed }: Ages,
): Treatment {
  const settled = sent.kind === 'value' ? sent.value.seq : 0;
  if (end.kind === 'value' && end.value.seq <= settled) return { kind: 'remove' };
  if (open.kind === 'unreadable') return { kind: 'unreadable', file: 'open.json', why: open.why };
  if (open.kind === 'absent') {
    if (end.kind === 'value') return { kind: 'unreadable', file: 'open.json', why: 'it is missing' };
    return { kind: end.kind === 'absent' && touchedMs > LEFTOVER_MS ? 'remove' : 'leave' };
  }
  if (end.kind === 'value') return { kind: 'deliver', report: end.value };
  if (writer === 'alive') return { kind: 'live' };
  const newest = now.kind === 'value' ? now.value : undefined;
  if (newest?.state === 'gone')
    return newest.seq > settled ? { kind: 'deliver', report: newest } : { kind: 'remove' };
  if (writer === 'dead' && child === 'dead') return { kind: 'gone' };
  // Many that run beside each other look after the same ones: one word in an interval is enough, but what waits is taken in.
  if (writer === 'dead' && child === 'alive' && (!isRenewed || events > 0)) return { kind: 'beat' };
  if (writer === undefined && events > 0) return { kind: 'take-in' };
  return newest && newest.seq > settled ? { kind: 'deliver', report: newest } : { kind: 'leave' };
}

/** The number of the next report, whatever of the folder can be read. */
export function nextSeq({ now, end, sent }: Contents): number {
  const seqs = [now, end, sent].map((found) => (found.kind === 'value' ? found.value.seq : 0));
  return Math.max(...seqs) + 1;
}

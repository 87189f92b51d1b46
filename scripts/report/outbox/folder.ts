import { closeSync, fsyncSync, mkdirSync, openSync, readdirSync, rmdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { isExecutionId, randomName } from './execution-id.ts';
import { type Found, readRecord, replaceRecord, syncFolder, writeWhole } from './files.ts';
import { isoOf } from './iso.ts';
import { encodeLine } from './line.ts';
import type { Event, Open, Report } from './report.ts';

/** The files of one execution. Each is replaced whole; together they never need repair. */

/** What is kept for the end at the start, so that a disk that is full by then holds it all the same. */
const END_BYTES = 4_096;
const MOST_EVENTS = 1_000;

/** Makes the folder of an execution; returns the open file of its end. */
export function makeFolder(outbox: string, open: Open): number {
  const dir = join(outbox, open.execution);
  mkdirSync(dir, { mode: 0o700 });
  const end = openSync(join(dir, 'end.json'), 'wx+', 0o600);
  writeWhole(end, ' '.repeat(END_BYTES));
  fsyncSync(end);
  replaceRecord(dir, 'open.json', open, true);
  syncFolder(outbox);
  return end;
}

/** Opens the room of the end that another process has made. */
export function openEnd(dir: string): number {
  return openSync(join(dir, 'end.json'), 'r+');
}

/** Writes the end into its room, and returns it as it fits there. */
export function writeEnd(dir: string, fd: number, report: Report): Report {
  const fitting = fitted(report);
  writeWhole(fd, encodeLine(fitting).padEnd(END_BYTES));
  fsyncSync(fd);
  syncFolder(dir);
  return fitting;
}

/** The report without what would not fit into the room of its end: the beginning of the error, then the note. */
export function fitted(report: Report): Report {
  let fits = report;
  while (Buffer.byteLength(encodeLine(fits)) > END_BYTES) {
    const { end, progress } = fits;
    if (end?.error) fits = { ...fits, end: { ...end, error: end.error.slice(64) } };
    else if (progress?.note) fits = { ...fits, progress: { ...progress, note: progress.note.slice(0, -64) } };
    else throw new Error(`an end of more than ${END_BYTES} bytes`);
  }
  return fits;
}

/** Tells the one writer of a folder what is new. Throws when there are too many that it has not taken. */
export function leaveEvent(dir: string, event: Event): void {
  const events = join(dir, 'events');
  mkdirSync(events, { recursive: true, mode: 0o700 });
  if (readdirSync(events).length >= MOST_EVENTS) throw new Error(`${MOST_EVENTS} events wait already`);
  const name = `${String(event.bootMs).padStart(15, '0')}-${randomName()}.json`;
  replaceRecord(events, name, event, false);
}

/** Everything in a folder, as found now. */
export interface Contents {
  open: Found<Open>;
  now: Found<Report>;
  end: Found<Report>;
  sent: Found<{ seq: number; at: string }>;
  /** How many events wait for whoever writes next. */
  events: number;
}

/** Reads the files of an execution, and counts its events. */
export function readFolder(dir: string): Contents {
  return {
    open: readRecord(join(dir, 'open.json')),
    now: readRecord(join(dir, 'now.json')),
    end: readRecord(join(dir, 'end.json')),
    sent: readRecord(join(dir, 'sent')),
    events: eventsIn(dir).length,
  };
}

/** The events that wait, in their order, each with its file. */
export function readEvents(dir: string): { file: string; event: Found<Event> }[] {
  return eventsIn(dir)
    .map((name) => join(dir, 'events', name))
    .map((file) => ({ file, event: readRecord<Event>(file) }));
}

function eventsIn(dir: string): string[] {
  try {
    const names = readdirSync(join(dir, 'events'));
    return names.filter((name) => !name.startsWith('.')).sort();
  } catch {
    return [];
  }
}

/** Notes that `seq` is acknowledged. Should that be lost, the report is sent once more, which does no harm. */
export function writeSent(dir: string, seq: number): void {
  replaceRecord(dir, 'sent', { seq, at: isoOf(Date.now()) }, false);
}

/** Removes the folder in an order in which, wherever it breaks off, what is left never looks like a living execution. */
export function removeFolder(dir: string): void {
  for (const name of ['open.json', 'now.json', 'events', 'end.json', 'lock'])
    rmSync(join(dir, name), { recursive: true, force: true });
  for (const name of readdirSync(dir).filter((name) => name.startsWith('.tmp-')))
    rmSync(join(dir, name), { force: true });
  rmSync(join(dir, 'sent'), { force: true });
  rmdirSync(dir);
}

/** The executions of an outbox, oldest first; none where there is no outbox. */
export function executionsIn(outbox: string): string[] {
  try {
    return readdirSync(outbox).filter(isExecutionId).sort();
  } catch {
    return [];
  }
}

/** When anything in the folder was written last, in milliseconds; 0 where that cannot be told. */
export function touchedAt(dir: string): number {
  const times = ['', 'open.json', 'now.json', 'end.json', 'sent'].map((name) => {
    try {
      return statSync(join(dir, name)).mtimeMs;
    } catch {
      return 0;
    }
  });
  return Math.max(...times);
}

/** Whether its newest report was written less than so long ago, by the clock of the disk; one of later than now was not. */
export function isRenewedWithin(dir: string, ms: number): boolean {
  try {
    const ageMs = Date.now() - statSync(join(dir, 'now.json')).mtimeMs;
    return ageMs >= 0 && ageMs < ms;
  } catch {
    return false;
  }
}

/** Lets go of the room of an end. */
export function closeEnd(fd: number): void {
  closeSync(fd);
}

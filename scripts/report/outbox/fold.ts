import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { stampNow } from './clock.ts';
import { nextSeq } from './fate.ts';
import { replaceRecord } from './files.ts';
import { type Contents, closeEnd, openEnd, readEvents, readFolder, writeEnd } from './folder.ts';
import type { Realm } from './liveness.ts';
import { waitForLock } from './lock.ts';
import { type Change, changeOf, endOfTold, nextReport, type Open, type Report } from './report.ts';

/**
 * Writes the next report of an execution that has no living writer: what waits in events/ goes into it, and `change`.
 * Returns it; `undefined` when somebody else is at it, when the execution has ended, or its folder cannot be read.
 */
export async function foldFolder(dir: string, here: Realm, change: Change = {}): Promise<Report | undefined> {
  const release = await waitForLock(join(dir, 'lock'), here);
  if (!release) return undefined;
  try {
    const contents = readFolder(dir);
    if (contents.open.kind !== 'value' || contents.end.kind === 'value') return undefined;
    return written(dir, contents, contents.open.value, change);
  } finally {
    release();
  }
}

function written(dir: string, contents: Contents, open: Open, change: Change): Report {
  const events = readEvents(dir).flatMap(({ file, event }) =>
    event.kind === 'value' ? [{ file, event: event.value }] : [],
  );
  const taken = changeOf(events.map(({ event }) => event));
  const last = contents.now.kind === 'value' ? contents.now.value : undefined;
  const all: Change = { ...taken.change, ...change, ...(taken.told && { end: endOfTold(taken.told) }) };
  const report = nextReport(open, last, all, stampNow(), nextSeq(contents));
  const kept = report.end ? endInRoom(dir, report) : report;
  if (!report.end) replaceRecord(dir, 'now.json', report, false);
  for (const { file } of events) rmSync(file, { force: true });
  return kept;
}

function endInRoom(dir: string, report: Report): Report {
  const room = openEnd(dir);
  try {
    return writeEnd(dir, room, report);
  } finally {
    closeEnd(room);
  }
}

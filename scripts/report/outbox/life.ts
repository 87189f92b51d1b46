import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { reasonOf, tellOnce } from '../tell.ts';
import { monotonicNow, stampNow } from './clock.ts';
import { replaceRecord } from './files.ts';
import { closeEnd, makeFolder, readEvents, removeFolder, writeEnd, writeSent } from './folder.ts';
import {
  type Change,
  changeOf,
  type End,
  nextReport,
  type Open,
  type Report,
  type ToldEnd,
} from './report.ts';

const SYNC_MS = 30_000;

/** The life of one execution, as its one writer keeps it: on disk before it is sent, or in memory where there is no disk. */
export interface Life {
  open(): Open;
  /** The folder, where there is one. */
  dir: string | undefined;
  newest(): Report | undefined;
  /** Milliseconds since the newest report was written. */
  age(): number;
  /** Notes the process of the execution; the first report follows. */
  started(child: Open['child']): void;
  write(change: Change, durable: boolean): Report;
  /** Takes what others left in the folder into the next report; `undefined` when that was nothing. */
  takeEvents(): Change | undefined;
  /** What the job itself said of its end. */
  told(): ToldEnd | undefined;
  /** Writes the end, or another word on it. */
  end(end: End): Report;
  /** Notes that the service has settled the reports up to `seq`; the end settled ends the folder. */
  settled(report: Report): void;
}

/** Begins the life of an execution in `outbox`; `undefined` keeps all of it in memory. */
export function beginLife(outbox: string | undefined, opening: Open): Life {
  let open = opening;
  let newest: Report | undefined;
  let told: ToldEnd | undefined;
  const kept = new Set<string>();
  let writtenAt = monotonicNow();
  let syncedAt = writtenAt;
  // Open from here on: whatever becomes of the folder's name, the room of the end is there.
  let room = outbox === undefined ? undefined : attempt(outbox, () => makeFolder(outbox, open));
  const dir = outbox === undefined || room === undefined ? undefined : join(outbox, open.execution);

  const compose = (change: Change) => nextReport(open, newest, change, stampNow(), (newest?.seq ?? 0) + 1);
  const life: Life = {
    open: () => open,
    dir,
    newest: () => newest,
    age: () => monotonicNow() - writtenAt,
    told: () => told,

    started(child) {
      open = { ...open, child };
      if (dir) attempt(dir, () => replaceRecord(dir, 'open.json', open, false));
    },

    write(change, durable) {
      newest = compose(change);
      writtenAt = monotonicNow();
      const sync = durable || writtenAt - syncedAt >= SYNC_MS;
      if (sync) syncedAt = writtenAt;
      const report = newest;
      if (dir) attempt(dir, () => replaceRecord(dir, 'now.json', report, sync));
      return report;
    },

    takeEvents() {
      if (!dir) return undefined;
      const found = readEvents(dir);
      for (const { file, event } of found)
        if (event.kind === 'unreadable') tellOnce(`cannot read ${file}: ${event.why}; ignored`);
      const events = found.flatMap(({ file, event }) =>
        event.kind === 'value' && !kept.has(file) ? [{ file, event: event.value }] : [],
      );
      if (events.length === 0) return undefined;
      const taken = changeOf(events.map(({ event }) => event));
      told = taken.told ?? told;
      life.write(taken.change, false);
      // Only now: an event that is in no report yet would die with us. The word of the end is in none before the end.
      for (const { file, event } of events)
        if (event.kind === 'end') kept.add(file);
        else attempt(dir, () => rmSync(file, { force: true }));
      return taken.change;
    },

    end(end) {
      const report = compose({ end });
      newest = report;
      const fd = room;
      if (dir && fd !== undefined) newest = attempt(dir, () => writeEnd(dir, fd, report)) ?? report;
      return newest;
    },

    settled(report) {
      if (!dir) return;
      if (!report.end) return void attempt(dir, () => writeSent(dir, report.seq));
      if (room !== undefined) closeEnd(room);
      room = undefined;
      attempt(dir, () => {
        writeSent(dir, report.seq);
        removeFolder(dir);
      });
    },
  };
  return life;
}

/** Does it if the disk lets us; what it does not is told once, and is no trouble of the job. */
export function attempt<T>(dir: string, action: () => T): T | undefined {
  try {
    return action();
  } catch (error) {
    tellOnce(`cannot write into ${dir}: ${reasonOf(error)}; reports are kept in memory only`);
    return undefined;
  }
}

import type { WriteBatch } from '@google-cloud/firestore';
import { addMs, type Day, HOUR_MS } from '../../shared/dates.ts';
import type { Job } from '../../shared/model/job/job.ts';
import type { Tally } from '../../shared/store/firestore/read-options.ts';
import type { DayStore, DirtyDay, Watermark } from '../../shared/store/own/days.ts';
import { shortId } from '../rules/faults.ts';
import { daysMadeDirty, mayHaveMoved, movedFrom } from '../rules/plan.ts';
import type { RecordReader } from './record-reader.ts';

/** The clock that set `updatedAt` may be in any zone, and so far behind. */
const OVERLAP_MS = 14 * HOUR_MS;

/** Why a day is in doubt: how many jobs changed, and one of them. */
interface Doubt {
  first: string;
  count: number;
}

/** The days that changed records put in doubt since the last whole run. */
export interface Changes {
  doubts: Map<Day, Doubt>;
  /** How far changes of each source were known before, and how far they are known now. */
  known: ReadonlyMap<string, Watermark>;
  knownNow: ReadonlyMap<string, Watermark>;
}

/**
 * Finds the records that changed since the last time. A new source starts from now: its history has not changed, and is
 * collected as gaps or by a backfill. Rejects with RecordsUnread where a source gives no answer: then nothing new is known,
 * and the next run starts where this one did.
 */
export async function findChanges(
  reader: RecordReader,
  days: DayStore,
  { today, now }: { today: Day; now: Date },
  tally: Tally,
): Promise<Changes> {
  const known = await days.watermarks(reader.sources, tally);
  const since = new Map(
    [...known].map(([name, { changesKnownUntil }]) => [name, addMs(changesKnownUntil, -OVERLAP_MS)]),
  );
  const doubts = new Map<Day, Doubt>();
  const doubt = (day: Day, job: Job) => {
    const one = doubts.get(day) ?? { first: shortId(job.id), count: 0 };
    doubts.set(day, { ...one, count: one.count + 1 });
  };
  const suspects = new Map<string, Job>();
  await reader.changed(since, (job) => {
    for (const day of daysMadeDirty(job, today)) doubt(day, job);
    if (mayHaveMoved(job, today)) suspects.set(job.name, job);
  });
  // A job that moved to another day leaves no trace on the old one but its name, among those that the day counted.
  await days.countedOn([...suspects.keys()], tally, (name, day) => {
    const job = suspects.get(name);
    if (job && movedFrom(day, job, today)) doubt(day, job);
  });
  const knownNow = reader.sources.map((name) => {
    const before = known.get(name);
    const changesKnownSince = before ? before.changesKnownSince : now;
    return [name, { changesKnownUntil: now, changesKnownSince }] as const;
  });
  return { doubts, known, knownNow: new Map(knownNow) };
}

/**
 * Adds to `batch` the days in doubt and how far changes are known. Both are in one commit, so that no doubt is lost, and
 * none is marked again in every run.
 */
export function putChanges(batch: WriteBatch, days: DayStore, changes: readonly Changes[], now: Date): void {
  for (const mark of marksOf(changes, now)) days.markDirty(batch, mark);
  for (const { knownNow } of changes)
    for (const [source, watermark] of knownNow) days.putWatermark(batch, source, watermark);
}

/** Makes one mark per day, also where several sources put it in doubt. */
function marksOf(changes: readonly Changes[], markedAt: Date): DirtyDay[] {
  const byDay = Map.groupBy(
    changes.flatMap(({ doubts }) => [...doubts]),
    ([date]) => date,
  );
  return [...byDay].map(([date, doubts]) => {
    const count = doubts.reduce((sum, [, doubt]) => sum + doubt.count, 0);
    const first = doubts[0]?.[1].first;
    return {
      date,
      cause: count === 1 ? `job ${first} changed` : `${count} jobs changed, e.g. ${first}`,
      markedAt,
    };
  });
}

import type { WriteBatch } from '@google-cloud/firestore';
import { addMs, type Day, HOUR_MS } from '../../shared/dates.ts';
import type { Job } from '../../shared/model/job/job.ts';
import type { Tally } from '../../shared/store/firestore/read-options.ts';
import type { DayStore, DirtyDay, Watermark } from '../../shared/store/own/days.ts';
import { shortId } from '../rules/faults.ts';
import { daysMadeDirty, mayHaveMoved, movedFrom } from '../rules/plan.ts';
import type { RecordReader } from './record-reader.ts';

/** The clock that set `updatedAt` may be in any zone: what it says may be so much behind. */
const OVERLAP_MS = 14 * HOUR_MS;

/** Why a day is in doubt: how many jobs changed, and one of them. */
interface Doubt {
  first: string;
  count: number;
}

/** Days that changed records made doubtful since the last whole run. */
export interface Changes {
  doubts: Map<Day, Doubt>;
  /** How far changes of each source were known before, and are with these. */
  known: ReadonlyMap<string, Watermark>;
  knownNow: ReadonlyMap<string, Watermark>;
}

/**
 * Looks for records changed since they were last looked for. A source seen for the first time starts from now:
 * its history is not changed, it is new, and is collected as gaps or by a backfill. Rejects with RecordsUnread when a source
 * gives no answer: then nothing is known, and the next run looks from where the last one did.
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
  // A job that moved leaves no trace on the day it left, but for its name among those the day counted.
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
 * Adds to `batch` the days in doubt and how far changes are known: together, so that no doubt is ever forgotten or kept
 * for ever.
 */
export function putChanges(batch: WriteBatch, days: DayStore, changes: readonly Changes[], now: Date): void {
  for (const mark of marksOf(changes, now)) days.markDirty(batch, mark);
  for (const { knownNow } of changes)
    for (const [source, watermark] of knownNow) days.putWatermark(batch, source, watermark);
}

/** One mark per day, whichever sources put it in doubt. */
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

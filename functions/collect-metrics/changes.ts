import type { WriteBatch } from '@google-cloud/firestore';
import { type Day, HOUR_MS } from '../shared/dates.ts';
import type { Job } from '../shared/model/job.ts';
import type { DayStore, DirtyDay } from '../shared/store/days.ts';
import type { Tally } from '../shared/store/jobs.ts';
import type { JobsSource } from './jobs.ts';
import { daysMadeDirty, mayHaveMoved, movedFrom } from './plan.ts';

/** Records whose `updatedAt` was set by a clock behind ours are still found by the next run. */
const OVERLAP_MS = HOUR_MS;

/** Days that changed records made doubtful since the last whole run, and how far changes are known then. */
export interface Changes {
  marks: DirtyDay[];
  watermarks: Map<string, Date>;
}

/**
 * Looks for records changed since they were last looked for. A source seen for the first time starts from now: its
 * history is not changed, it is new, and is collected as gaps or by a backfill. Rejects with SourceFailed when a source
 * gives no answer: then nothing is known, and the next run looks from where the last one did.
 */
export async function findChanges(
  jobs: JobsSource,
  days: DayStore,
  { today, now }: { today: Day; now: Date },
  tally: Tally,
): Promise<Changes> {
  const known = await days.watermarks(jobs.names, tally);
  const since = new Map([...known].map(([name, until]) => [name, new Date(until.getTime() - OVERLAP_MS)]));
  const causes = new Map<Day, { first: string; count: number }>();
  const doubt = (day: Day, job: Job) => {
    const cause = causes.get(day) ?? { first: job.id, count: 0 };
    causes.set(day, { ...cause, count: cause.count + 1 });
  };
  const suspects = new Map<string, Job>();
  await jobs.changed(since, (job) => {
    for (const day of daysMadeDirty(job, today)) doubt(day, job);
    if (mayHaveMoved(job, today)) suspects.set(job.name, job);
  });
  // A job that moved leaves no trace on the day it left, but for its name among those the day counted.
  await days.countedOn([...suspects.keys()], tally, (name, day) => {
    const job = suspects.get(name);
    if (job && movedFrom(day, job, today)) doubt(day, job);
  });
  const marks = [...causes].map(([date, { first, count }]) => ({
    date,
    cause: count === 1 ? `job ${first} changed` : `${count} jobs changed, e.g. ${first}`,
    markedAt: now,
  }));
  return { marks, watermarks: new Map(jobs.names.map((name) => [name, now])) };
}

/** Adds to `batch` the marks and how far changes are known: together, so that none is ever forgotten or kept for ever. */
export function putChanges(batch: WriteBatch, days: DayStore, { marks, watermarks }: Changes): void {
  for (const mark of marks) days.markDirty(batch, mark);
  for (const [source, until] of watermarks) days.putWatermark(batch, source, until);
}

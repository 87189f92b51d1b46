import { DONE, goesBy, HELD_NOTHING, type Run, scheduledRunId } from './run.ts';
import { type LiveSchedule, type MissedBecause, type SlotSpan, whyNotBegun } from './schedule.ts';

/**
 * What makes a slot done: its own run, or another whole run that began after it and before the next slot, and ended well:
 * succeeded, or partial, which shows in the task's health. A run of another slot, of another day or of a part has not done
 * it, nor has one that failed, or that held the lease when the slot came.
 */

/** A run as the watch sees it. */
export type WatchedRun = Pick<
  Run,
  'runId' | 'slot' | 'whole' | 'dryRun' | 'body' | 'outcome' | 'startedAt' | 'attempts'
>;

/** What is recorded about the slots that are judged. */
export interface RunHistory {
  runs: readonly WatchedRun[];
  /** Runs whose records cannot be read: they may have done the slot in which they began. */
  unreadable: readonly Pick<Run, 'runId' | 'startedAt'>[];
}

/** How a slot stands, the stronger the later: `open` while a run that may do it is at work, `recorded` once it is stored as missed. */
const STANDINGS = ['missed', 'unknown', 'open', 'recorded', 'done'] as const;
export type Standing = (typeof STANDINGS)[number];

const BODY_LENGTH = 200;

/** How each of a task's slots stands, which follow each other, while `liveRunId` is at work. */
export function standingsOf(
  task: string,
  spans: readonly SlotSpan[],
  { runs, unreadable }: RunHistory,
  liveRunId: string | null,
): Standing[] {
  const standings = spans.map((): Standing => 'missed');
  const raise = (index: number, standing: Standing) => {
    const before = standings[index];
    if (before && STANDINGS.indexOf(standing) > STANDINGS.indexOf(before)) standings[index] = standing;
  };
  const indexOfId = new Map(spans.map(({ slot }, index) => [scheduledRunId(task, slot), index]));

  for (const { runId, startedAt } of unreadable)
    raise(indexOfId.get(runId) ?? indexWithin(spans, startedAt), 'unknown');
  for (const run of runs) {
    const own = indexOfId.get(run.runId);
    if (own !== undefined) {
      if (run.attempts.some(({ outcome }) => !HELD_NOTHING.includes(outcome))) raise(own, 'done');
      else if (run.outcome === 'missed') raise(own, 'recorded');
    } else if (run.whole && !run.dryRun) {
      if (DONE.includes(run.outcome)) raise(indexWithin(spans, goesBy(run)), 'done');
      else if (run.runId === liveRunId) raise(indexWithin(spans, goesBy(run)), 'open');
    }
  }
  return standings;
}

/** Why a slot was missed, by the records and the job of Cloud Scheduler; `null` where neither shows it. */
export function whyMissed(
  task: string,
  span: SlotSpan,
  runs: readonly WatchedRun[],
  live: LiveSchedule | null | undefined,
): MissedBecause | null {
  const ownId = scheduledRunId(task, span.slot);
  const own = runs.find(({ runId }) => runId === ownId);
  const skipped = own?.attempts.findLast(({ outcome }) => outcome === 'skipped');
  if (skipped) return { cause: 'skipped', words: skippedInWords(skipped.startedAt, runs) };
  const begun = live === undefined ? null : whyNotBegun(span, live);
  const beside = runs.filter(
    ({ runId, outcome, startedAt }) => runId !== ownId && outcome !== 'missed' && isWithin(startedAt, span),
  );
  const last = beside.at(-1);
  if (!begun && !last) return null;
  const words = [...(begun ? [begun.words] : []), ...(last ? [besideInWords(last, beside.length - 1)] : [])];
  return { cause: begun?.cause ?? null, words: words.join('; ') };
}

function skippedInWords(at: Date, runs: readonly WatchedRun[]): string {
  const holder = runs.find(({ dryRun, attempts }) => {
    const holds = ({ startedAt, endedAt, outcome }: WatchedRun['attempts'][number]) =>
      !HELD_NOTHING.includes(outcome) && startedAt <= at && (endedAt === null || endedAt > at);
    return !dryRun && attempts.some(holds);
  });
  const found = holder ? `found ${holder.runId} live (HTTP 409)` : 'got no lease';
  return `its delivery at ${at.toISOString()} ${found}, and none came again`;
}

/** The words for a run that began after the slot and did not do it. */
function besideInWords(
  { runId, slot, whole, dryRun, body, outcome, startedAt }: WatchedRun,
  more: number,
): string {
  const asked = JSON.stringify(body).slice(0, BODY_LENGTH);
  const why = dryRun
    ? 'was a dry run'
    : slot
      ? `was of ${slot.toISOString()}`
      : whole
        ? `ended ${outcome}`
        : `was asked for ${asked} alone`;
  const others = more > 0 ? `, and ${more} more began before the next slot without doing it` : '';
  return `${runId} began at ${startedAt.toISOString()}, but ${why}${others}`;
}

function isWithin(instant: Date, { slot, nextSlot }: SlotSpan): boolean {
  return instant >= slot && instant < nextSlot;
}

/** Which of the spans, which follow each other, `instant` lies in; -1 for none. */
function indexWithin(spans: readonly SlotSpan[], instant: Date): number {
  let from = 0;
  let to = spans.length;
  while (from < to) {
    const middle = (from + to) >> 1;
    const span = spans[middle] as SlotSpan;
    if (isWithin(instant, span)) return middle;
    if (instant < span.slot) to = middle;
    else from = middle + 1;
  }
  return -1;
}

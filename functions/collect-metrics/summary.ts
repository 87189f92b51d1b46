import type { DailyMetrics } from '../shared/model/day/day.ts';
import { totalsOf } from '../shared/model/day/totals.ts';
import type { Summary } from '../shared/model/run/run.ts';
import type { CollectedDay } from './day/collect-day.ts';
import type { Collection } from './day/collect-days.ts';
import type { SourceNotes } from './records/source-notes.ts';
import { brokenDays } from './rules/plan.ts';

const LIST_LENGTH = 100;

/** What a summary holds besides the days. */
interface SummaryInput {
  notes: readonly [source: string, notes: SourceNotes][];
  documentsRead: number;
  dryRun: boolean;
}

/** The summary of a run: counts, what needs a person, and the newest day's figures. */
export function summaryOf(
  { days: collected, remaining }: Pick<Collection, 'days' | 'remaining'>,
  { notes, documentsRead, dryRun }: SummaryInput,
): Summary {
  const days = [...collected].sort((a, b) => (a.date < b.date ? -1 : 1));
  const dates = (list: readonly CollectedDay[]) => list.map(({ date }) => date).slice(0, LIST_LENGTH);
  const latest = days.at(-1);
  return {
    from: days[0]?.date ?? null,
    to: latest?.date ?? null,
    daysCollected: days.length,
    daysChanged: days.filter(({ figuresChanged }) => figuresChanged).length,
    daysFinal: days.filter(({ day }) => day.status === 'final').length,
    conflicts: dates(days.filter(({ day }) => day.status === 'conflict')),
    brokenChecks: brokenDays(collected).slice(0, LIST_LENGTH),
    remaining: remaining.slice(0, LIST_LENGTH),
    remainingDays: remaining.length,
    latest: latest ? { date: latest.date, ...totalsOf(latest.day) } : null,
    sources: latest ? sourcesOf(latest.day) : {},
    records: recordsOf(notes),
    documentsRead,
    ...(dryRun ? { days: days.map(compared) } : {}),
  };
}

/** The stored day beside the one that a dry run would store. */
function compared({ date, stored, day, figuresChanged }: CollectedDay): Summary {
  return {
    date,
    wouldChange: figuresChanged,
    stored: stored && { status: stored.status, revision: stored.revision, ...totalsOf(stored) },
    recomputed: { status: day.status, revision: day.revision, ...totalsOf(day) },
  };
}

/** The sources whose records a person should look at, with `npm run -s ops -- sources check`. */
function recordsOf(notes: SummaryInput['notes']): Summary {
  const some = notes.filter(([, { writtenLate, notLookedAt }]) => writtenLate || notLookedAt > 0);
  return Object.fromEntries(some.map(([source, noted]) => [source, { ...noted }]));
}

/** The state of each source on the newest day. */
function sourcesOf({ sources }: DailyMetrics): Summary {
  return Object.fromEntries(
    Object.entries(sources).map(([name, { status, error }]) => [
      name,
      error === null ? { status } : { status, error },
    ]),
  );
}

import type { Day } from '../shared/dates.ts';
import type { DailyMetrics } from '../shared/model/day/day.ts';
import { totalsOf } from '../shared/model/day/totals.ts';
import type { Summary } from '../shared/model/run/run.ts';
import type { CollectedDay } from './day/collect-day.ts';
import type { SourceNotes } from './records/source-notes.ts';
import { brokenDays } from './rules/plan.ts';

const LIST_LENGTH = 100;

/** What a run tells besides its days. */
interface SummaryInput {
  remaining: readonly Day[];
  notes: readonly [source: string, notes: SourceNotes][];
  documentsRead: number;
  dryRun: boolean;
}

/** What a run tells of its days, which come in the order of their collection: counts, what needs a person, and the newest day's figures. */
export function summaryOf(
  collected: readonly CollectedDay[],
  { remaining, notes, documentsRead, dryRun }: SummaryInput,
): Summary {
  const days = [...collected].sort((a, b) => (a.date < b.date ? -1 : 1));
  const dates = (list: readonly CollectedDay[]) => list.map((it) => it.date).slice(0, LIST_LENGTH);
  const latest = days.at(-1);
  return {
    from: days[0]?.date ?? null,
    to: latest?.date ?? null,
    daysCollected: days.length,
    daysChanged: days.filter((it) => it.figuresChanged).length,
    daysFinal: days.filter((it) => it.day.status === 'final').length,
    conflicts: dates(days.filter((it) => it.day.status === 'conflict')),
    brokenChecks: brokenDays(collected).slice(0, LIST_LENGTH),
    remaining: remaining.slice(0, LIST_LENGTH),
    remainingDays: remaining.length,
    latest: latest ? { date: latest.date, ...told(latest.day) } : null,
    sources: latest ? sourcesOf(latest.day) : {},
    records: recordsOf(notes),
    documentsRead,
    ...(dryRun ? { days: days.map(compared) } : {}),
  };
}

/** A dry run shows what is stored beside what would be. */
function compared({ date, stored, day, figuresChanged }: CollectedDay): Summary {
  return {
    date,
    wouldChange: figuresChanged,
    stored: stored && { status: stored.status, revision: stored.revision, ...told(stored) },
    recomputed: { status: day.status, revision: day.revision, ...told(day) },
  };
}

/** Of the sources of records, those whose records a person should look at: `npm run -s ops -- sources check`. */
function recordsOf(notes: SummaryInput['notes']): Summary {
  const some = notes.filter(([, { writtenLate, notLookedAt }]) => writtenLate || notLookedAt > 0);
  return Object.fromEntries(some.map(([source, it]) => [source, { ...it }]));
}

/** How each source stands on the newest day. */
function sourcesOf({ sources }: DailyMetrics): Summary {
  return Object.fromEntries(
    Object.entries(sources).map(([name, { status, error }]) => [
      name,
      error === null ? { status } : { status, error },
    ]),
  );
}

function told(day: DailyMetrics): Summary {
  return { ...totalsOf(day) };
}

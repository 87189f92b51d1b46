import { HOUR_MS } from '../../functions/shared/dates.ts';
import { fieldsOf } from '../shared/objects.ts';
import type { Entry } from './entries.ts';
import { duration, plural } from './figures.ts';
import { inWords } from './plain.ts';
import { any, entry, entryLines, type SummaryTold } from './summary.ts';
import { paint } from './terminal.ts';

type Fields = Record<string, unknown>;

/** What our own records are called: one, and several. */
const NOUNS: Record<string, readonly [one: string, several: string]> = {
  runs: ['run', 'runs'],
  alarms: ['alarm', 'alarms'],
  plans: ['plan', 'plans'],
  journal: ['journal entry', 'journal entries'],
  ends: ['end of a workload', 'ends of workloads'],
  strays: ['stray part of a plan', 'stray parts of plans'],
};
const REASONS_TOLD = 4;

/** The lines for the summary of a pruning of our own records, `indent` of the terminal being taken. */
export function pruneInWords(summary: Fields, { dryRun }: Fields, indent: number): SummaryTold {
  const { prunedRuns: runs, prunedAlarms: alarms, prunedPlans: plans, prunedJournal: journal } = summary;
  const {
    prunedEnds: ends,
    prunedStrays: strays,
    skippedRace,
    remaining,
    kept,
    oldestOverdueHours,
  } = summary;
  const { documentsRead: _, dryRun: __, ...others } = summary;
  const gone = amounts({ runs, alarms, plans, journal, ends, strays });
  const left = amounts(fieldsOf(remaining));
  return {
    lines: [
      gone ? `${dryRun === true ? 'would remove' : 'removed'} ${gone}` : 'no record of ours is past its time',
      ...entryLines(
        [
          keptOf(kept),
          entry(
            'Moved',
            any(skippedRace) && `${plural(Number(skippedRace), 'record')} meanwhile: left alone`,
          ),
          entry('Left', left && `${left}, for the next run`, paint.yellow),
          entry('Overdue', any(oldestOverdueHours) && overdue(oldestOverdueHours), paint.yellow),
        ],
        indent,
      ),
    ],
    rest: Object.fromEntries(Object.entries(others).filter(([key]) => !TOLD.includes(key))),
    problems: [],
  };
}

/** Keys of the summary that its lines tell. */
const TOLD = [
  ...['prunedRuns', 'prunedAlarms', 'prunedPlans', 'prunedJournal', 'prunedEnds', 'prunedStrays'],
  ...['skippedRace', 'remaining', 'kept', 'oldestOverdueHours'],
];

/** `1,200 runs, 1 alarm`; empty where there is nothing of any. */
function amounts(counts: Fields): string {
  return Object.entries(counts)
    .flatMap(([kind, count]) => (any(count) ? [nounOf(kind, count)] : []))
    .join(', ');
}

/** What stays although its time is over, and why. */
function keptOf(kept: unknown): Entry {
  const all = (Array.isArray(kept) ? kept : []).map(fieldsOf);
  const lines = all
    .slice(0, REASONS_TOLD)
    .map(({ kind, reason, count }) => `${nounOf(String(kind), count)}: ${inWords(reason)}`);
  const more = all.length - lines.length;
  return { label: 'Kept', lines: [...lines, ...(more > 0 ? [`for ${plural(more, 'more reason')}`] : [])] };
}

function nounOf(kind: string, count: unknown): string {
  const [one, several] = NOUNS[kind] ?? [inWords(kind), inWords(kind)];
  return plural(Number(count), one, several);
}

function overdue(hours: unknown): string {
  return `the oldest by ${duration(Number(hours) * HOUR_MS)}`;
}

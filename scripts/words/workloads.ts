import { TABLE_NAMES, tableOf } from '../../functions/shared/model/workload/tables.ts';
import { fieldsOf } from '../shared/objects.ts';
import type { Entry } from './entries.ts';
import { plural, stamp } from './figures.ts';
import { any, entry, entryLines, type SummaryTold } from './summary.ts';
import { paint } from './terminal.ts';

type Fields = Record<string, unknown>;

/** What the counts of a table are told as, in this order. */
const STATES = ['running', 'queued', 'suspended', 'completed', 'failed', 'cancelled', 'unknown'];

/** The lines for the summary of a refresh of the workload tables, `indent` of the terminal being taken. */
export function workloadsInWords(summary: Fields, indent: number): SummaryTold {
  const { workloadTables, hung, logs, refreshedElsewhere, refresh: _, ...rest } = summary;
  if (refreshedElsewhere !== undefined)
    return { lines: [elsewhereInWords(fieldsOf(refreshedElsewhere))], rest, problems: [] };
  const tables = TABLE_NAMES.flatMap((name) => {
    const table = fieldsOf(workloadTables)[name];
    return table === undefined
      ? []
      : [{ name, title: tableOf(name).title, place: tableOf(name).place, ...fieldsOf(table) }];
  });
  if (tables.length === 0)
    return { lines: ['no workload table is named in the settings'], rest, problems: [] };
  return {
    lines: entryLines(
      [
        ...tables.map(({ title, place, counts, answered }: Fields & { title: string; place: string }) =>
          entry(title, `${countsInWords(counts)} in ${plural(Number(answered), place)}`),
        ),
        silentOf(tables),
        entry('Not enabled', namesIn(tables, 'unavailable')),
        entry('Logs', logsInWords(fieldsOf(logs))),
        hungOf(hung),
      ],
      indent,
    ),
    rest,
    // Told by name in one line; what each said follows as a problem of the run.
    problems: [],
  };
}

function elsewhereInWords({ by, startedAt, isUnderWay }: Fields): string {
  const whose = by === 'viewer' ? ' for a viewer' : '';
  return isUnderWay
    ? `another refresh${whose} was under way, which does the same`
    : `refreshed${whose} at ${stamp(new Date(String(startedAt)))}, which is enough for now`;
}

function countsInWords(counts: unknown): string {
  const told = fieldsOf(counts);
  return (
    STATES.flatMap((state) => (any(told[state]) ? [`${told[state]} ${state}`] : [])).join(', ') || 'none'
  );
}

function silentOf(tables: readonly Fields[]): Entry {
  return entry('No answer', namesIn(tables, 'unanswered'), paint.yellow);
}

/** `vertex: us-east1, us-east4; runner: us-east1`. */
function namesIn(tables: readonly Fields[], key: string): string {
  return tables
    .flatMap(({ name, [key]: regions }) =>
      Array.isArray(regions) && regions.length > 0 ? [`${name}: ${regions.join(', ')}`] : [],
    )
    .join('; ');
}

function logsInWords({ read, empty, unreadable, waiting }: Fields): string {
  const told: [unknown, string][] = [
    [read, 'read'],
    [empty, 'without a line so far'],
    [unreadable, 'not read'],
    [waiting, 'for the next refresh'],
  ];
  return told.flatMap(([count, words]) => (any(count) ? [`${count} ${words}`] : [])).join(', ');
}

function hungOf(hung: unknown): Entry {
  const lines = (Array.isArray(hung) ? hung : [])
    .map(fieldsOf)
    .map(
      ({ table, operation, region, stage }) =>
        `${table ? `${table}: ` : ''}${operation}${region ? ` (${region})` : ''}, at ${stage}`,
    );
  return { label: 'Gave up', lines, tone: paint.yellow };
}

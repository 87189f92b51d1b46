import { parseInstant } from '../../../functions/shared/dates.ts';
import { JOB_FIELDS, type Source, wordsFor, wordToWrite } from '../../../functions/shared/model/source.ts';
import { JOB_STATES, type JobState } from '../../../functions/shared/model/states.ts';
import { oneOf } from '../options.ts';
import { usage } from '../problem.ts';

/** A field of ours that a column can fill. */
export type JobField = (typeof JOB_FIELDS)[number];

/** How rows of a file become records of a source. */
export interface ImportPlan {
  source: Source;
  /** Our field -> column of the file. */
  columns: Map<JobField, string>;
  /** Status in the file -> what it means, and the word of the source that is written. */
  statuses: Map<string, { state: JobState; word: string }>;
  /** The instant from which times in the file count seconds; without it they are ISO 8601 text. */
  since: Date | undefined;
}

/** Reads the mapping flags of `import`. Throws a usage problem before anything is read or written. */
export function planImport(
  name: string,
  sources: Record<string, Source>,
  flags: { map: readonly string[]; status: readonly string[]; secondsSince?: string | undefined },
): ImportPlan {
  const source = sources[oneOf('source', name, Object.keys(sources))] as Source;
  if (source.group)
    throw usage(`Cannot import into source "${name}": it is a collection group, which has no single place`);
  return {
    source,
    columns: columnsOf(name, source, flags.map),
    statuses: statusesOf(name, source, flags.status),
    since: flags.secondsSince === undefined ? undefined : instantOf(flags.secondsSince),
  };
}

function columnsOf(name: string, source: Source, pairs: readonly string[]): Map<JobField, string> {
  const columns = new Map<JobField, string>();
  for (const pair of pairs) {
    const [word, column] = splitAt(pair, pair.indexOf('='), '--map', 'FIELD=COLUMN');
    if (column === '') throw usage(`Cannot read --map ${pair}: no column is named`);
    const field = oneOf('field', word, JOB_FIELDS);
    if (columns.has(field))
      throw usage(`Cannot map ${field} twice: to ${columns.get(field)} and to ${column}`);
    // The id needs no field of its own: it is the id of the document.
    if (field !== 'id' && source.fields[field] === undefined)
      throw usage(
        `Cannot map ${field}: source "${name}" has no such field (it has: id, ${Object.keys(source.fields).join(', ')})`,
      );
    columns.set(field, column);
  }
  for (const field of ['id', 'status'] as const)
    if (!columns.has(field)) throw usage(`Cannot import without ${field}: add --map ${field}=COLUMN`);
  return columns;
}

function statusesOf(name: string, source: Source, pairs: readonly string[]): ImportPlan['statuses'] {
  const statuses: ImportPlan['statuses'] = new Map();
  for (const pair of pairs) {
    // A status of theirs may hold any character, a state of ours no `=`.
    const [value, meaning] = splitAt(pair, pair.lastIndexOf('='), '--status', 'VALUE=STATE');
    const state = oneOf('state', meaning, JOB_STATES);
    const before = statuses.get(value)?.state;
    if (before !== undefined && before !== state)
      throw usage(`Cannot map status ${JSON.stringify(value)} twice: to ${before} and to ${state}`);
    statuses.set(value, { state, word: wordFor(name, source, state) });
  }
  return statuses;
}

function wordFor(name: string, source: Source, state: JobState): string {
  const word = wordToWrite(source, state);
  if (word !== undefined) return word;
  const words = wordsFor(source, state);
  throw usage(
    words.length === 0
      ? `Cannot write ${state}: source "${name}" has no word for it in statuses`
      : `Cannot write ${state}: source "${name}" has several words for it (${words.join(', ')}); name one under write.${state}`,
  );
}

function splitAt(pair: string, index: number, flag: string, form: string): [string, string] {
  if (index < 0) throw usage(`Cannot read ${flag} ${JSON.stringify(pair)}: ${form} is expected`);
  return [pair.slice(0, index), pair.slice(index + 1)];
}

function instantOf(text: string): Date {
  const instant = parseInstant(text);
  if (instant) return instant;
  throw usage(
    `Cannot read --seconds-since ${text}: an instant with its zone is expected, such as 2026-01-01T00:00:00Z`,
  );
}

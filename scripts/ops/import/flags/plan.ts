import { JOB_FIELDS, type JobField, type Source } from '../../../../functions/shared/model/job/source.ts';
import { oneOf } from '../../shared/options.ts';
import { usage } from '../../shared/problem.ts';
import { splitAt } from './pairs.ts';
import { readStatuses, type Statuses } from './statuses.ts';
import { readTimes, type TimeFlags, type Times } from './times.ts';

/** How rows of a file become records of a source. */
export interface ImportPlan {
  name: string;
  source: Source;
  /** Our field -> column of the file. No other field is ever written. */
  columns: ReadonlyMap<JobField, string>;
  statuses: Statuses;
  times: Times;
  /** Whether the file goes before what the records hold. */
  overwrite: boolean;
}

/** The flags that say how to import. */
export interface ImportFlags extends TimeFlags {
  map: readonly string[];
  status: readonly string[];
  overwrite?: boolean | undefined;
}

/** Reads the mapping flags of `import`. Throws a usage problem before anything is read or written. */
export function planImport(name: string, sources: Record<string, Source>, flags: ImportFlags): ImportPlan {
  const source = sources[oneOf('source', name, Object.keys(sources))] as Source;
  if (source.group)
    throw usage(`Cannot import into source "${name}": it is a collection group, which has no single place`);
  const columns = columnsOf(name, source, flags.map);
  refuseOverlaps(name, source, columns);
  return {
    name,
    source,
    columns,
    statuses: readStatuses(name, source, flags.status),
    times: readTimes(flags),
    overwrite: flags.overwrite === true,
  };
}

/** Where a field lies in a record; `undefined` where the source does not map it. */
export function pathOf({ fields }: Pick<Source, 'fields'>, field: JobField): string | undefined {
  const mapping = fields[field];
  return typeof mapping === 'object' ? mapping.path : mapping;
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
        `Cannot map ${field}: source "${name}" has no such field (it has: id, ${Object.keys(source.fields).join(', ')}); add it to fields in the settings`,
      );
    columns.set(field, column);
  }
  for (const field of ['id', 'status'] as const)
    if (!columns.has(field)) throw usage(`Cannot import without ${field}: add --map ${field}=COLUMN`);
  return columns;
}

/** Two columns cannot fill one place, and none fills what Nightshift itself adds to a record. */
function refuseOverlaps(name: string, source: Source, columns: ImportPlan['columns']): void {
  const places = [...columns].flatMap(([field, column]) => {
    const path = pathOf(source, field);
    return path === undefined ? [] : [{ field, column, path }];
  });
  for (const { field, path, column } of places) {
    if (isWithin(path, source.addedField) || isWithin(source.addedField, path))
      throw usage(
        `Cannot map ${field}: source "${name}" has it at ${path}, and ${source.addedField} is written by Nightshift alone`,
      );
    const other = places.find((it) => it.field !== field && isWithin(it.path, path) && it.column !== column);
    if (other)
      throw usage(
        `Cannot map ${field} to ${column} and ${other.field} to ${other.column}: source "${name}" has them at ${path} and ${other.path}, which is one place`,
      );
  }
}

function isWithin(path: string, other: string): boolean {
  return path === other || path.startsWith(`${other}.`);
}

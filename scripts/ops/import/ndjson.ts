import { isObject } from '../../objects.ts';
import { oneOf } from '../options.ts';
import { usage } from '../problem.ts';
import type { Line } from './lines.ts';
import type { Row } from './record.ts';

/** Rows that are looked at to learn the columns: each may lack some. */
const LEARN_FROM = 1000;
const COLUMNS_NAMED = 40;

/** The rows of a file with one JSON object per line. Throws a usage problem when no early row has a column asked for. */
export async function ndjsonRows(
  lines: AsyncGenerator<Line>,
  file: string,
  columns: readonly string[],
): Promise<AsyncIterable<Row>> {
  const early: Row[] = [];
  const known = new Set<string>();
  for (let next = await lines.next(); !next.done; next = await lines.next()) {
    const parsed = parseLine(next.value);
    if (parsed === undefined) continue;
    early.push(parsed.row);
    for (const column of parsed.columns) known.add(column);
    if (early.length === LEARN_FROM) break;
  }
  if (early.length === 0) throw usage(`Cannot read ${file}: it is empty`);
  for (const column of columns)
    if (!early.some((row) => 'cell' in row && row.cell(column) !== undefined))
      oneOf(
        `column of ${file}`,
        column,
        [...known].filter((other) => other !== column).slice(0, COLUMNS_NAMED),
      );
  return (async function* () {
    yield* early;
    for await (const line of lines) {
      const parsed = parseLine(line);
      if (parsed !== undefined) yield parsed.row;
    }
  })();
}

function parseLine({ number: line, text }: Line): { row: Row; columns: string[] } | undefined {
  if (text.trim() === '') return undefined;
  try {
    const object: unknown = JSON.parse(text);
    if (!isObject(object)) return { row: { line, reason: 'it is no JSON object' }, columns: [] };
    return { row: { line, cell: (column) => at(object, column) }, columns: pathsOf(object) };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return { row: { line, reason: `it is no JSON: ${reason}` }, columns: [] };
  }
}

/** The value at a key of that very name, else at a dotted path. */
function at(object: Record<string, unknown>, path: string): unknown {
  if (Object.hasOwn(object, path)) return object[path];
  return path
    .split('.')
    .reduce<unknown>(
      (value, key) => (isObject(value) && Object.hasOwn(value, key) ? value[key] : undefined),
      object,
    );
}

function pathsOf(object: Record<string, unknown>, prefix = ''): string[] {
  return Object.entries(object).flatMap(([key, value]) =>
    isObject(value) ? pathsOf(value, `${prefix}${key}.`) : [`${prefix}${key}`],
  );
}

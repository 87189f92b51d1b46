import leven from 'leven';
import { messageOf } from '../../../../functions/shared/errors.ts';
import { jsonPath, parseJson, valueAt } from '../../../../functions/shared/model/reading/json-path.ts';
import { isObject } from '../../../shared/objects.ts';
import { oneOf } from '../../shared/options.ts';
import { usage } from '../../shared/problem.ts';
import { shellWord } from '../flags/pairs.ts';
import type { Row } from '../rules/record.ts';
import type { Line } from './lines.ts';

/** Rows that are looked at to learn what could have been meant. */
const LEARN_FROM = 1000;
const COLUMNS_NAMED = 40;
/** What no JSON knows as a number, and texts, in which it is nothing of the kind. */
const NO_NUMBERS = /"(?:[^"\\]|\\.)*"|\bNaN\b|\bInfinity\b/g;
/** NaN is how pandas writes that there is none; infinity stays beyond the range of every field. */
const NUMBERS: Readonly<Record<string, string>> = { NaN: 'null', Infinity: '1e999' };

/**
 * The rows of a file with one JSON object per line. A column is a key of that very name, else a JMESPath. Reading them
 * throws a usage problem when the file holds one document over many lines, and at its end when a column that no row had
 * was a slip: it is needed, or nearly one that is there. Any other column is reported as `missing`.
 */
export function ndjsonRows(
  lines: AsyncIterable<Line>,
  file: string,
  columns: readonly string[],
  needed: readonly string[],
): { rows: AsyncGenerator<Row>; missing: () => string[] } {
  const known = new Set<string>();
  const missing = new Set(columns);
  const paths = new Map(
    columns
      .map((column) => [column, pathOf(column)] as const)
      .filter(([, path]) => jsonPath.safeParse(path).success),
  );

  async function* rows(): AsyncGenerator<Row> {
    let count = 0;
    for await (const line of lines) {
      if ('reason' in line) {
        yield { line: line.number, reason: line.reason };
        continue;
      }
      if (line.text.trim() === '') continue;
      count += 1;
      const parsed = parseLine(line.text);
      if (!('object' in parsed)) {
        if (count === 1) refuseDocument(file, line.text);
        yield { line: line.number, reason: parsed.reason };
        continue;
      }
      const { object } = parsed;
      if (count <= LEARN_FROM) for (const path of pathsOf(object)) known.add(path);
      for (const column of missing) if (isThere(object, column, paths)) missing.delete(column);
      yield { line: line.number, cell: (column) => cellOf(object, column, paths) };
    }
    if (count === 0) throw usage(`Cannot read ${file}: it is empty`);
    for (const column of missing) if (known.has(column)) missing.delete(column);
    const others = [...known].filter((name) => !columns.includes(name));
    for (const column of missing)
      if (needed.includes(column) || !paths.has(column) || others.some((name) => isSlip(column, name)))
        oneOf(`column of ${file}`, column, [...known].slice(0, COLUMNS_NAMED));
  }
  return { rows: rows(), missing: () => [...missing] };
}

/** Nearer than two columns of one file are: `createdAt` is no slip for `updatedAt`. */
function isSlip(column: string, name: string): boolean {
  return leven(column, name) <= (column.length < 6 ? 1 : 2);
}

function parseLine(text: string): { object: Record<string, unknown> } | { reason: string } {
  try {
    const object = parsed(text);
    return isObject(object) ? { object } : { reason: 'it is no JSON object' };
  } catch (error) {
    return { reason: `it is no JSON: ${messageOf(error)}` };
  }
}

/** JSON, also with the words that Python writes into it for numbers that JSON has not. */
function parsed(text: string): unknown {
  try {
    return parseJson(text);
  } catch (error) {
    const readable = text.replace(NO_NUMBERS, (found) => NUMBERS[found] ?? found);
    if (readable === text) throw error;
    return parseJson(readable);
  }
}

/** Most programs write a list, or one object around it, over as many lines as they like. */
function refuseDocument(file: string, firstLine: string): void {
  const [first] = firstLine.trim();
  const [filter] = first === '[' ? ['.[]'] : firstLine.trim() === '{' ? [`'.[] | arrays[]'`] : [];
  if (filter === undefined) return;
  const from = file === '-' ? '' : ` ${shellWord(file)}`;
  throw usage(
    `Cannot read ${file}: it is one JSON document, not an object per line; make it one with jq -c ${filter}${from} > rows.ndjson`,
  );
}

/** Throws where the expression does not fit the row. */
function cellOf(
  object: Record<string, unknown>,
  column: string,
  paths: ReadonlyMap<string, string>,
): unknown {
  if (Object.hasOwn(object, column)) return object[column];
  const path = paths.get(column);
  return path === undefined ? undefined : valueAt(object, path);
}

/** A hyphen between words belongs to a key: who subtracts sets it apart. */
function pathOf(column: string): string {
  const isPlain = /^[A-Za-z_][\w-]*(\.[A-Za-z_][\w-]*)*$/.test(column);
  const quote = (key: string) => (key.includes('-') ? JSON.stringify(key) : key);
  return isPlain ? column.split('.').map(quote).join('.') : column;
}

function isThere(
  object: Record<string, unknown>,
  column: string,
  paths: ReadonlyMap<string, string>,
): boolean {
  try {
    return Object.hasOwn(object, column) || (cellOf(object, column, paths) ?? null) !== null;
  } catch {
    // It does not fit this row, which is rejected for it.
    return true;
  }
}

/** What stands where in an object, each as a column. */
function pathsOf(object: Record<string, unknown>, prefix = ''): string[] {
  return Object.entries(object).flatMap(([key, value]) => {
    const name = /^[A-Za-z_][\w-]*$/.test(key) ? key : JSON.stringify(key);
    const isFull = isObject(value) && Object.keys(value).length > 0;
    return isFull ? pathsOf(value, `${prefix}${name}.`) : [prefix === '' ? key : `${prefix}${name}`];
  });
}

/** Rows of nested values as CSV. */

/** What a spreadsheet may take for a formula. */
const FORMULA = /^[=+\-@\t\r]/;

/** Rows as CSV (RFC 4180), a header first: a column for each path of any row, in the order in which they first come. */
export function csvOf(rows: readonly object[]): string {
  const flat = rows.map((row) => new Map(cellsOf(row, '')));
  const columns = [...new Set(flat.flatMap((row) => [...row.keys()]))];
  const lines = [columns, ...flat.map((row) => columns.map((column) => row.get(column)))];
  return lines.map((line) => `${line.map(cell).join(',')}\r\n`).join('');
}

/** The values of a row by their paths; lists as JSON. */
function cellsOf(value: object, path: string): [string, unknown][] {
  return Object.entries(value).flatMap(([key, inner]): [string, unknown][] => {
    const at = path === '' ? key : `${path}.${key}`;
    if (inner instanceof Date) return [[at, inner.toISOString()]];
    const isMap = inner !== null && typeof inner === 'object' && !Array.isArray(inner);
    if (isMap) return cellsOf(inner, at);
    return [[at, Array.isArray(inner) ? JSON.stringify(inner) : inner]];
  });
}

/** A value as a cell: only text can be a formula, and a number stays one. */
function cell(value: unknown): string {
  if (value === null || value === undefined) return '';
  if (typeof value !== 'string') return String(value);
  const text = FORMULA.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

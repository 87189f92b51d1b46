import { createReadStream, type ReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { oneOf } from '../options.ts';
import { usage } from '../problem.ts';
import { csvRecords } from './csv.ts';
import { type Line, linesOf } from './lines.ts';
import { ndjsonRows } from './ndjson.ts';
import type { Row } from './record.ts';

const FORMATS = ['csv', 'ndjson'] as const;
type Format = (typeof FORMATS)[number];

/** An open file of rows. */
export interface Rows {
  rows: AsyncIterable<Row>;
  /** Size of the file and how much of it was read; `undefined` for a pipe. */
  totalBytes: number | undefined;
  bytesRead: () => number;
}

/**
 * Opens a file of rows, `-` being standard input. Throws a usage problem when it cannot be read, or when it has no column
 * of a name in `columns`.
 */
export async function openRows(
  file: string,
  format: string | undefined,
  columns: readonly string[],
): Promise<Rows> {
  const chosen = formatOf(file, format);
  const { stream, totalBytes } = await openStream(file);
  const lines = linesOf(stream.setEncoding('utf8') as AsyncIterable<string>);
  const rows =
    chosen === 'csv' ? await csvRows(lines, file, columns) : await ndjsonRows(lines, file, columns);
  return { rows, totalBytes, bytesRead: () => (stream as Partial<ReadStream>).bytesRead ?? 0 };
}

function formatOf(file: string, format: string | undefined): Format {
  if (format !== undefined) return oneOf('format', format, FORMATS);
  if (file === '-')
    throw usage(`Cannot tell the format of standard input: add --format csv or --format ndjson`);
  if (/\.csv$/i.test(file)) return 'csv';
  if (/\.(ndjson|jsonl)$/i.test(file)) return 'ndjson';
  throw usage(`Cannot tell the format of ${file} by its ending: add --format csv or --format ndjson`);
}

async function openStream(
  file: string,
): Promise<{ stream: NodeJS.ReadStream | ReadStream; totalBytes: number | undefined }> {
  if (file === '-') return { stream: process.stdin, totalBytes: undefined };
  try {
    const handle = await open(file);
    const status = await handle.stat();
    if (status.isDirectory()) throw new Error('it is a folder');
    return {
      stream: createReadStream(file, { fd: handle }),
      totalBytes: status.isFile() ? status.size : undefined,
    };
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw usage(`Cannot read ${file}: ${code === 'ENOENT' ? 'no such file' : message}`);
  }
}

async function csvRows(
  lines: AsyncGenerator<Line>,
  file: string,
  columns: readonly string[],
): Promise<AsyncIterable<Row>> {
  const records = csvRecords(lines);
  const first = await records.next();
  if (first.done) throw usage(`Cannot read ${file}: it is empty`);
  if ('reason' in first.value) throw usage(`Cannot read the header of ${file}: ${first.value.reason}`);
  const header = first.value.fields;
  const positions = new Map(columns.map((column) => [column, positionOf(column, header, file)]));
  return (async function* () {
    for await (const record of records) {
      if ('reason' in record) yield record;
      else if (record.fields.length !== header.length)
        yield {
          line: record.line,
          reason: `it has ${record.fields.length} columns, the header ${header.length}`,
        };
      else yield { line: record.line, cell: (column) => record.fields[positions.get(column) ?? -1] };
    }
  })();
}

function positionOf(column: string, header: readonly string[], file: string): number {
  const position = header.indexOf(column);
  if (position === -1) oneOf(`column of ${file}`, column, header);
  if (header.indexOf(column, position + 1) !== -1)
    throw usage(`Cannot use column ${column} of ${file}: the header has it twice`);
  return position;
}

import { createReadStream, type ReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { pipeline, type Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import type { JobField } from '../../../../functions/shared/model/job/source.ts';
import { shell } from '../../../shared/shell.ts';
import { oneOf } from '../../shared/options.ts';
import { OpsProblem, usage } from '../../shared/problem.ts';
import { shellWord, unquoted } from '../flags/pairs.ts';
import type { Row } from '../rules/record.ts';
import { csvRecords } from './csv.ts';
import { type Line, linesOf, NotUtf8 } from './lines.ts';
import { ndjsonRows } from './ndjson.ts';

const FORMATS = ['csv', 'ndjson'] as const;
type Format = (typeof FORMATS)[number];

/** The format of the file, where its name does not show it. */
export interface RowFlags {
  format?: string | undefined;
  delimiter?: string | undefined;
}

/** An open file of rows. */
export interface Rows {
  rows: AsyncIterable<Row>;
  /** Size of the file and how much of it was read; `undefined` for a pipe. */
  totalBytes: number | undefined;
  bytesRead: () => number;
  /** Columns that no row had, once all were read. */
  missing: () => string[];
  close: () => void;
}

/**
 * Opens a file of rows, `-` being standard input; one that ends in .gz is unpacked. Throws a usage problem when it cannot
 * be read, or when a CSV file lacks one of the `columns`; the rows may throw one, too, when they are read.
 */
export async function openRows(
  file: string,
  { format, delimiter }: RowFlags,
  columns: ReadonlyMap<JobField, string>,
): Promise<Rows> {
  const chosen = formatOf(file, format);
  if (chosen === 'ndjson' && delimiter !== undefined) throw usage('Cannot use --delimiter: NDJSON has none');
  const { stream, totalBytes } = await openStream(file);
  const lines = readableLines(file, isPacked(file) ? unpacked(stream) : stream);
  const names = [...columns.values()];
  const needed = [columns.get('id'), columns.get('status')].flatMap((column) => column ?? []);
  const close = () => void stream.destroy();
  try {
    const { rows, missing } =
      chosen === 'csv'
        ? { rows: await csvRows(lines, file, delimiter, names), missing: () => [] }
        : ndjsonRows(lines, file, names, needed);
    const bytesRead = () => (stream as Partial<ReadStream>).bytesRead ?? 0;
    return { rows, missing, totalBytes, bytesRead, close };
  } catch (error) {
    close();
    throw error;
  }
}

function formatOf(file: string, format: string | undefined): Format {
  if (format !== undefined) return oneOf('format', format, FORMATS);
  if (file === '-')
    throw usage(`Cannot tell the format of standard input: add --format csv or --format ndjson`);
  if (/\.csv(\.gz)?$/i.test(file)) return 'csv';
  if (/\.(ndjson|jsonl)(\.gz)?$/i.test(file)) return 'ndjson';
  throw usage(`Cannot tell the format of ${file} by its ending: add --format csv or --format ndjson`);
}

function isPacked(file: string): boolean {
  return /\.gz$/i.test(file);
}

function delimiterOf(text = ','): string {
  const delimiter = /^(tab|\\t)$/i.test(text) ? '\t' : text;
  if (delimiter.length === 1 && !/["\r\n]/.test(delimiter)) return delimiter;
  throw usage(
    `Cannot read --delimiter ${JSON.stringify(text)}: one character is expected, such as ';' or '|', or tab`,
  );
}

async function openStream(file: string): Promise<{ stream: Readable; totalBytes: number | undefined }> {
  if (file === '-') return { stream: shell().stdin, totalBytes: undefined };
  try {
    const handle = await open(file);
    const status = await handle.stat();
    if (status.isDirectory()) {
      await handle.close();
      throw new Error('it is a folder');
    }
    return {
      stream: createReadStream(file, { fd: handle }),
      totalBytes: status.isFile() ? status.size : undefined,
    };
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw usage(`Cannot read ${file}: ${code === 'ENOENT' ? 'no such file' : message}`);
  }
}

function unpacked(packed: Readable): AsyncIterable<Buffer> {
  // A pipe alone would pass on neither an error nor an end that comes too early, and be waited for without end.
  return pipeline(packed, createGunzip(), () => undefined);
}

/** Yields the lines of a file. Where the whole file is unreadable, the error says so in one sentence, with the way out. */
async function* readableLines(file: string, bytes: AsyncIterable<Buffer>): AsyncGenerator<Line> {
  try {
    yield* linesOf(bytes);
  } catch (error) {
    if (error instanceof NotUtf8) throw usage(`Cannot read ${file}: ${error.message}${remedy(file, error)}`);
    const { code, message } = error as NodeJS.ErrnoException;
    if (code !== undefined) throw new OpsProblem(`Cannot read ${file}: ${message}`, 1, { cause: error });
    throw error;
  }
}

function remedy(file: string, { encoding }: NotUtf8): string {
  if (encoding === undefined) return '; CSV or NDJSON in UTF-8 is expected';
  const convert = `iconv -f ${encoding} -t UTF-8`;
  if (isPacked(file)) return `; convert it with: gunzip < ${shellWord(file)} | ${convert}`;
  const as = file === '-' ? '' : ` ${shellWord(file)} > ${shellWord(file.replace(/(\.\w+)?$/, '.utf8$1'))}`;
  const guess =
    encoding === 'WINDOWS-1252' ? ' (after -f the name of its own encoding, if it is another)' : '';
  return `; convert it with: ${convert}${as}${guess}`;
}

async function csvRows(
  lines: AsyncGenerator<Line>,
  file: string,
  given: string | undefined,
  columns: readonly string[],
): Promise<AsyncIterable<Row>> {
  const start = await lines.next();
  // Spreadsheets may write the delimiter in a line of its own, before the header.
  const [, declared] = (!start.done && 'text' in start.value && /^sep=(.)$/i.exec(start.value.text)) || [];
  async function* fromHeader(): AsyncGenerator<Line> {
    if (!start.done && declared === undefined) yield start.value;
    yield* lines;
  }
  const records = csvRecords(fromHeader(), delimiterOf(given ?? declared));
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

/** By its exact name first, then without the blanks around it, or with the quotes of a flag taken off. */
function positionOf(column: string, header: readonly string[], file: string): number {
  const names = [header, header.map((name) => name.trim())].flatMap((known) => [
    [known, column] as const,
    [known, unquoted(column)] as const,
  ]);
  for (const [known, name] of names) {
    const position = known.indexOf(name);
    if (position === -1) continue;
    if (known.indexOf(name, position + 1) === -1) return position;
    throw usage(`Cannot use column ${column} of ${file}: the header has it twice`);
  }
  const [only = ''] = header;
  const delimiter = header.length === 1 ? [';', '\t', '|', ','].find((it) => only.includes(it)) : undefined;
  if (delimiter === undefined) oneOf(`column of ${file}`, column, header);
  const flag = delimiter === '\t' ? 'tab' : `'${delimiter}'`;
  throw usage(
    `Cannot find column ${JSON.stringify(column)} of ${file}: its header is one column, ${JSON.stringify(only)}; add --delimiter ${flag}`,
  );
}

import { CsvError } from 'csv-parse';
import { parse } from 'csv-parse/sync';
import type { Line } from './lines.ts';

/** A record of a CSV file, or why there is none; `line` is where it begins. */
export type CsvRecord = { line: number; fields: string[] } | { line: number; reason: string };

/** A quote still open after so many characters was never meant to be one. */
const LONGEST_RECORD = 1024 * 1024;

/**
 * The records of a CSV file (RFC 4180, commas), blank lines left out. A broken record costs itself alone: after a stray
 * quote, reading goes on at the next line. csv-parse reads what has quotes, one record at a time, because as a stream it
 * loses everything behind a quote that never closes.
 */
export async function* csvRecords(lines: AsyncIterator<Line>): AsyncGenerator<CsvRecord> {
  /** Lines that were read in search of a closing quote and turned out not to belong to the record. */
  let ahead: Line[] = [];
  let used = 0;
  const next = async (): Promise<Line | undefined> => {
    if (used < ahead.length) return ahead[used++];
    const result = await lines.next();
    return result.done ? undefined : result.value;
  };
  for (let first = await next(); first !== undefined; first = await next()) {
    if (first.text === '') continue;
    const begin = first.number;
    if (!first.text.includes('"')) {
      yield { line: begin, fields: first.text.split(',') };
      continue;
    }
    const taken: Line[] = [];
    let text = first.text;
    let parsed = parseOne(text);
    while ('open' in parsed && text.length < LONGEST_RECORD) {
      const more = await next();
      if (more === undefined) break;
      taken.push(more);
      text += `\n${more.text}`;
      // Only a line with a quote can close the one that is open.
      if (more.text.includes('"')) parsed = parseOne(text);
    }
    if ('fields' in parsed) {
      yield { line: begin, fields: parsed.fields };
    } else {
      ahead = taken.concat(ahead.slice(used));
      used = 0;
      yield { line: begin, reason: parsed.reason };
    }
  }
}

type ParsedRecord = { fields: string[] } | { reason: string; open?: true };

function parseOne(text: string): ParsedRecord {
  try {
    const [fields = []]: string[][] = parse(text, { relax_column_count: true, record_delimiter: '\n' });
    return { fields };
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    if (error.code === 'CSV_QUOTE_NOT_CLOSED')
      return { reason: 'a quote is opened and never closed', open: true };
    if (error.code === 'CSV_INVALID_CLOSING_QUOTE')
      return { reason: 'text follows a closing quote; a quote inside a quoted value is written twice' };
    if (error.code === 'INVALID_OPENING_QUOTE')
      return { reason: 'a quote stands inside a value that is not quoted' };
    return { reason: error.message };
  }
}

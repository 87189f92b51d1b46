import type { Line } from './lines.ts';

/** A record of a CSV file, or why there is none; `line` is where it begins. */
export type CsvRecord = { line: number; fields: string[] } | { line: number; reason: string };

/** A quote still open after so many characters was never meant to be one. */
const LONGEST_RECORD = 16 * 1024 * 1024;

/**
 * The records of a CSV file (RFC 4180), blank lines left out. A broken record costs itself alone: after a stray quote,
 * reading goes on at the next line. No parser that is given a stream can do that: it loses everything behind a quote that
 * never closes.
 */
export async function* csvRecords(
  lines: AsyncIterator<Line>,
  delimiter: string,
  longest: number = LONGEST_RECORD,
): AsyncGenerator<CsvRecord> {
  /** Lines that are read and not yet done with: some may turn out not to belong to a record with an open quote. */
  let window: Line[] = [];
  async function lineAt(place: number): Promise<Line | undefined> {
    if (place === window.length) {
      const result = await lines.next();
      if (result.done) return undefined;
      window.push(result.value);
    }
    return window[place];
  }
  for (let at = 0; ; ) {
    if (at === window.length) {
      window = [];
      at = 0;
    }
    const first = await lineAt(at);
    if (first === undefined) return;
    at += 1;
    if ('reason' in first) {
      yield { line: first.number, reason: first.reason };
      continue;
    }
    if (first.text === '') continue;
    let record = parseLine(first.text, delimiter);
    let length = first.text.length;
    let end = at;
    while ('open' in record && length < longest) {
      const more = await lineAt(end);
      if (more === undefined || 'reason' in more) break;
      end += 1;
      length += more.text.length;
      record = parseLine(more.text, delimiter, record);
    }
    if ('fields' in record) {
      at = end;
      yield { line: first.number, fields: record.fields };
    } else {
      const reason = 'open' in record ? 'a quote is opened and never closed' : record.reason;
      yield { line: first.number, reason };
    }
  }
}

/** A record whose last value, `open` so far, goes on in the next line. */
interface OpenRecord {
  before: string[];
  open: string;
}

/** Reads a line, which may go on with a record that is `begun`. */
function parseLine(
  text: string,
  delimiter: string,
  begun?: OpenRecord,
): { fields: string[] } | { reason: string } | OpenRecord {
  const fields = begun ? [...begun.before] : [];
  let open = begun ? `${begun.open}\n` : undefined;
  for (let at = 0; ; at += 1) {
    if (open === undefined && text[at] !== '"') {
      const end = text.indexOf(delimiter, at);
      const value = text.slice(at, end === -1 ? undefined : end);
      if (value.includes('"')) return { reason: 'a quote stands inside a value that is not quoted' };
      fields.push(value);
      if (end === -1) return { fields };
      at = end;
      continue;
    }
    if (open === undefined) at += 1;
    let value: string = open ?? '';
    for (let quote = text.indexOf('"', at); ; quote = text.indexOf('"', at)) {
      if (quote === -1) return { before: fields, open: value + text.slice(at) };
      value += text.slice(at, quote);
      at = quote + 1;
      if (text[at] !== '"') break;
      value += '"';
      at += 1;
    }
    open = undefined;
    fields.push(value);
    if (at === text.length) return { fields };
    if (text[at] !== delimiter)
      return { reason: 'text follows a closing quote; a quote inside a quoted value is written twice' };
  }
}

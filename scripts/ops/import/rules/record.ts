import { MOST_BYTES, MOST_GPUS } from '../../../../functions/shared/model/job/job.ts';
import {
  type JobField,
  type PlainField,
  TIME_FIELDS,
  type TimeField,
} from '../../../../functions/shared/model/job/source.ts';
import type { JobState } from '../../../../functions/shared/model/job/states.ts';
import {
  quoted,
  type Reading,
  read,
  readAmount,
  readId,
  readText,
  readTime,
  unreadable,
  writeTime,
} from '../../../../functions/shared/model/reading/reading.ts';
import { statusFlag } from '../flags/pairs.ts';
import type { ImportPlan } from '../flags/plan.ts';

/** A cell of a row by its column. Throws where the column is an expression that does not fit the row. */
export type Cell = (column: string) => unknown;

/** A row of a file, or why it cannot be read; `line` is where it begins. */
export type Row = { line: number; cell: Cell } | { line: number; reason: string };

/** The value of a field in a row; `null` where it is absent. */
export type Value = string | number | boolean | Date | null;

/** A row of a file, parsed: one report of a job. */
export interface ParsedRow {
  id: string;
  line: number;
  state: JobState;
  /** The values of the mapped columns; the status is the user's word for it. */
  values: Partial<Record<JobField, Value>>;
}

/** A row that cannot be imported, with the reason in words. */
class Rejected extends Error {}

/** Firestore holds 1 MiB in a document: https://firebase.google.com/docs/firestore/quotas#limits. */
const MOST_BYTES_OF_RECORD = 1024 * 1024 - 4096;

/**
 * Parses a row, independently of all others. A value that is unreadable rejects this row alone. Odd but true records, such as
 * an end before the start, pass: collect-metrics reports them.
 */
export function readRow(plan: ImportPlan, line: number, cell: Cell): ParsedRow | { reason: string } {
  try {
    return parseRow(plan, line, (field) => {
      const column = plan.columns.get(field);
      return column === undefined ? undefined : cellOf(field, column, cell);
    });
  } catch (error) {
    if (error instanceof Rejected) return { reason: error.message };
    throw error;
  }
}

function cellOf(field: JobField, column: string, cell: Cell): unknown {
  try {
    return cell(column);
  } catch (error) {
    throw new Rejected(
      `${field} cannot be found by ${column}: ${error instanceof Error ? error.message : error}`,
    );
  }
}

function parseRow(plan: ImportPlan, line: number, cell: (field: JobField) => unknown): ParsedRow {
  const id = documentId(valueIn('id', readIdentifier(cell('id'))));
  const status = valueIn('status', readText(cell('status'))) ?? '';
  const meaning = plan.statuses(status);
  if (!meaning) throw new Rejected(`status ${quoted(status)} is not mapped: add ${statusFlag(status)}`);
  const values: ParsedRow['values'] = {};
  for (const field of plan.columns.keys())
    if (field === 'id') values.id = id;
    else if (field === 'status') values.status = meaning.word;
    else if (isTime(field)) values[field] = valueIn(field, timeOf(plan, field, cell(field)));
    else values[field] = valueIn(field, READERS[field](cell(field)));
  refuseTooLarge(values);
  return { id, line, state: meaning.state, values };
}

function isTime(field: JobField): field is TimeField {
  return (TIME_FIELDS as readonly string[]).includes(field);
}

function valueIn<T>(field: JobField, reading: Reading<T>): T | null {
  if (reading.is === 'unreadable') throw new Rejected(`${field} ${reading.why}`);
  return reading.is === 'read' ? reading.value : null;
}

const READERS: Record<
  Exclude<PlainField, 'id' | 'status'>,
  (value: unknown) => Reading<Exclude<Value, Date>>
> = {
  type: readIdentifier,
  project: readIdentifier,
  model: readIdentifier,
  error: readText,
  gpus: (value) => readAmount(value, MOST_GPUS),
  backendId: readIdentifier,
  artifactUri: readIdentifier,
  artifactBytes: (value) => readAmount(value, MOST_BYTES),
  registeredModel: readMark,
  resumedFrom: readIdentifier,
};

/** Reads an identifier. A spreadsheet writes 19 digits as 1.23457E+18, which would be the same for many jobs. */
function readIdentifier(value: unknown): Reading<string> {
  const isRounded = typeof value === 'string' && /^\s*[+-]?\d+([.,]\d+)?e\+\d+\s*$/i.test(value);
  return isRounded ? unreadable(value, 'an exact identifier: it was rounded') : readId(value);
}

/** Reads a mark. Files may have no booleans, so the text `False` means none. */
function readMark(value: unknown): Reading<string | boolean> {
  if (value === false || (typeof value === 'string' && /^\s*false\s*$/i.test(value))) return { is: 'absent' };
  return value === true ? read(true) : readIdentifier(value);
}

function timeOf({ source, times }: ImportPlan, field: TimeField, value: unknown): Reading<Date> {
  const reading = times(field, value);
  // The year 9999 means no time elsewhere, but kept for ever here.
  if (reading.is === 'absent')
    return field === 'keepUntil' && /^\s*9999/.test(String(value))
      ? unreadable(value, 'a time that can be stored: take one before 2200')
      : reading;
  const form = source.fields[field];
  // A time that the tasks could not read again is not written.
  if (reading.is === 'unreadable' || form === undefined) return reading;
  return readTime(writeTime(reading.value, form.type), form).is === 'read'
    ? reading
    : unreadable(value, 'a time of 2000 to 2199');
}

function documentId(id: string | null): string {
  if (id === null) throw new Rejected('id is missing');
  // Firestore's own limits for ids of documents.
  const isUsable =
    !id.includes('/') && id !== '.' && id !== '..' && !/^__.*__$/s.test(id) && Buffer.byteLength(id) <= 1500;
  if (isUsable && id.isWellFormed()) return id;
  throw new Rejected(`id ${quoted(id)} cannot be the id of a document`);
}

function refuseTooLarge(values: ParsedRow['values']): void {
  let bytes = 0;
  for (const [field, value] of Object.entries(values)) {
    if (typeof value !== 'string') continue;
    if (!value.isWellFormed())
      throw new Rejected(`${field} ${quoted(value)} is not text that UTF-8 can hold`);
    bytes += Buffer.byteLength(value);
  }
  if (bytes > MOST_BYTES_OF_RECORD)
    throw new Rejected(`its record would take ${bytes} bytes, and Firestore holds at most 1 MiB`);
}

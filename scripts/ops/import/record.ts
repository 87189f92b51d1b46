import { parseInstant } from '../../../functions/shared/dates.ts';
import { readTime, writeTime } from '../../../functions/shared/model/reading.ts';
import { TIME_FIELDS, type TimeMapping } from '../../../functions/shared/model/source.ts';
import type { JobState } from '../../../functions/shared/model/states.ts';
import { setAt } from '../../objects.ts';
import { cut } from '../terminal.ts';
import type { ImportPlan, JobField } from './plan.ts';

/** A cell of a row by its column; undefined, null and '' are empty. */
export type Cell = (column: string) => unknown;

/** A row of a file, or why it cannot be read; `line` is where it begins. */
export type Row = { line: number; cell: Cell } | { line: number; reason: string };

/** A document to write, with what the days it touches follow from. */
export interface ImportRecord {
  id: string;
  data: Record<string, unknown>;
  state: JobState;
  startedAt: Date | null;
  endedAt: Date | null;
}

/** A row that cannot be imported, with the reason in words. */
class Rejected extends Error {}

/**
 * The document of a row, a pure function of it: the same row always gives the same document. Odd but true records, such
 * as an end before the start, pass: collect-metrics reports them.
 */
export function toRecord(plan: ImportPlan, cell: Cell): ImportRecord | { reason: string } {
  try {
    return recordOf(plan, (field) => {
      const column = plan.columns.get(field);
      const value = column === undefined ? undefined : cell(column);
      return value === '' || value === null ? undefined : value;
    });
  } catch (error) {
    if (error instanceof Rejected) return { reason: error.message };
    throw error;
  }
}

function recordOf(
  { source, columns, statuses, since }: ImportPlan,
  value: (field: JobField) => unknown,
): ImportRecord {
  const { fields } = source;
  const id = documentId(textOf('id', value('id')));
  const status = textOf('status', value('status')) ?? '';
  const meaning = statuses.get(status);
  if (!meaning)
    throw new Rejected(`status ${quoted(status)} is not mapped: add --status ${quoted(status, false)}=STATE`);
  const data: Record<string, unknown> = {};
  if (fields.id !== undefined) setAt(data, fields.id, id);
  setAt(data, fields.status, meaning.word);
  if (columns.has('gpus') && fields.gpus !== undefined) setAt(data, fields.gpus, gpusOf(value('gpus')));
  for (const field of ['project', 'model', 'error', 'backendId', 'artifactUri'] as const)
    if (columns.has(field) && fields[field] !== undefined)
      setAt(data, fields[field], textOf(field, value(field)) ?? null);
  const times: Partial<Record<JobField, Date | null>> = {};
  for (const field of TIME_FIELDS) {
    const mapping = fields[field];
    if (mapping === undefined) continue;
    const instant = timeOf(field, value(field), since, mapping);
    times[field] = instant;
    // Explicitly null when there is none: a record without the field is invisible to queries by it.
    setAt(data, mapping.path, instant && writeTime(instant, mapping.type));
  }
  return {
    id,
    data,
    state: meaning.state,
    startedAt: times.startedAt ?? null,
    endedAt: times.endedAt ?? null,
  };
}

function textOf(field: JobField, value: unknown): string | undefined {
  if (value === undefined || typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  throw new Rejected(`${field} is no text: ${quoted(value)}`);
}

function documentId(id: string | undefined): string {
  if (id === undefined) throw new Rejected('id is missing');
  // Firestore's own limits for ids of documents.
  const usable =
    !id.includes('/') && id !== '.' && id !== '..' && !/^__.*__$/s.test(id) && Buffer.byteLength(id) <= 1500;
  if (usable && id.isWellFormed()) return id;
  throw new Rejected(`id ${quoted(id)} cannot be the id of a document`);
}

const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/;

function numberOf(field: JobField, value: unknown): number | undefined {
  if (value === undefined) return undefined;
  const readable = typeof value === 'number' || (typeof value === 'string' && NUMBER.test(value.trim()));
  const number = readable ? Number(value) : Number.NaN;
  if (Number.isFinite(number)) return number;
  throw new Rejected(`${field} ${quoted(value)} is no number`);
}

function gpusOf(value: unknown): number | null {
  const gpus = numberOf('gpus', value);
  if (gpus !== undefined && gpus < 0) throw new Rejected(`gpus ${quoted(value)} is negative`);
  return gpus ?? null;
}

function timeOf(field: JobField, value: unknown, since: Date | undefined, mapping: TimeMapping): Date | null {
  if (value === undefined) return null;
  const instant = since ? secondsAfter(field, value, since) : isoTime(field, value);
  // Whatever a task would refuse to read again is not written.
  if (readTime(writeTime(instant, mapping.type), mapping).is === 'read') return instant;
  throw new Rejected(`${field} ${quoted(value)} lies outside 2000 to 2200`);
}

function secondsAfter(field: JobField, value: unknown, since: Date): Date {
  const instant = new Date(since.getTime() + Math.round((numberOf(field, value) ?? 0) * 1000));
  if (!Number.isNaN(instant.getTime())) return instant;
  throw new Rejected(`${field} ${quoted(value)} lies outside 2000 to 2200`);
}

function isoTime(field: JobField, value: unknown): Date {
  const text = typeof value === 'string' ? value.trim() : '';
  const instant = parseInstant(text);
  if (instant) return instant;
  const hint =
    typeof value === 'number' || NUMBER.test(text)
      ? 'for seconds since an instant add --seconds-since'
      : 'ISO 8601 with its zone is expected, such as 2026-01-31T12:00:00Z';
  throw new Rejected(`${field} ${quoted(value)} is no time: ${hint}`);
}

function quoted(value: unknown, always = true): string {
  const text = typeof value === 'string' && !always && !/[\s"]/.test(value) ? value : JSON.stringify(value);
  return cut(text ?? String(value), 80);
}

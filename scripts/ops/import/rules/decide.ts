import { isTerminal, isUnreadable, type Job } from '../../../../functions/shared/model/job/job.ts';
import { type JobField, type Source, TIME_FIELDS } from '../../../../functions/shared/model/job/source.ts';
import { limitsOf } from '../../../../functions/shared/model/job/sweep-limits.ts';
import {
  isNone,
  orNull,
  quoted,
  readAmount,
  readId,
  readText,
  readTime,
  writeTime,
} from '../../../../functions/shared/model/reading/reading.ts';
import { type ImportPlan, pathOf } from '../flags/plan.ts';
import { disagreement, isEarlierTry, LIFE_FIELDS, laterOf, lifeOf, livesAfter } from './life.ts';
import type { ParsedRow, Value } from './record.ts';

/** A record as it is stored, its values plain. */
export interface StoredRecord {
  job: Job;
  get(path: string): unknown;
}

/** A field to write, and what stands there now. */
export interface Change {
  path: string;
  before: unknown;
  after: unknown;
}

/** What to do with a record. */
export type Decision =
  /** `kept` is why some values of the file are not among the changes. */
  { kind: 'create' | 'update'; changes: Change[]; kept: string | null } | { kind: 'refuse'; reason: string };

/**
 * Decides what to write of a row into the record of its job: only mapped columns, and only values that differ. Without
 * `overwrite`, an absent value overwrites nothing. Where the record has an ending or a later state that the file does not
 * have, the file only fills what is absent in the record.
 */
export function decide(plan: ImportPlan, row: ParsedRow, record: StoredRecord | null): Decision {
  const { source, overwrite } = plan;
  if (record === null) return { kind: 'create', changes: newRecord(source, row), kept: null };
  const changes: Change[] = [];
  const why = overwrite ? undefined : whyKept(source, row, record);
  let kept: string | null = null;
  for (const field of plan.columns.keys()) {
    const path = pathOf(source, field);
    const value = row.values[field] ?? null;
    if (path === undefined || (value === null && !overwrite)) continue;
    const before = record.get(path);
    if (isSame(source, field, before, value, row)) continue;
    if (why !== undefined && (LIFE_FIELDS.includes(field) || !isNone(before))) {
      kept = why;
      continue;
    }
    if (!overwrite && isOlder(field, record.job, value)) {
      kept ??= NEWER;
      continue;
    }
    const parent = parentInTheWay(record, path);
    if (parent !== undefined)
      return {
        kind: 'refuse',
        reason: `its record has ${quoted(record.get(parent))} at ${parent}, where ${path} needs a map`,
      };
    changes.push({ path, before, after: stored(source, field, value, before) });
  }
  return { kind: 'update', changes, kept };
}

const NEWER = 'its record is newer';

/** Makes a record with every mapped time, also where it is null: a query by a field does not find records without it. */
function newRecord(source: Source, { id, values }: ParsedRow): Change[] {
  const fields = new Map<string, unknown>();
  for (const field of TIME_FIELDS) {
    const mapping = source.fields[field];
    if (mapping !== undefined) fields.set(mapping.path, null);
  }
  if (source.fields.id !== undefined) fields.set(source.fields.id, id);
  for (const [key, value] of Object.entries(values)) {
    const path = pathOf(source, key as JobField);
    if (path !== undefined) fields.set(path, stored(source, key as JobField, value, undefined));
  }
  return [...fields].map(([path, after]) => ({ path, before: undefined, after }));
}

/** Returns why the life in a record is kept although the file has another; `undefined` where the file's is written. */
function whyKept(source: Source, row: ParsedRow, { job, get }: StoredRecord): string | undefined {
  const { state, status } = job;
  if (state === 'unknown') {
    const isSilent = status === '' && !isUnreadable(job, 'status');
    return isSilent ? undefined : `nobody mapped its status ${quoted(get(source.fields.status))}`;
  }
  const [then, now] = [{ ...job, state }, lifeOf(row)];
  if (isEarlierTry(now, then)) return 'its record is of a later try';
  if (isTerminal(then.state)) {
    const agrees = isTerminal(now.state) && disagreement(then, now) === undefined;
    const ender = agrees ? undefined : enderOf(source, { job, get });
    if (ender !== undefined) return `${ender} ended it`;
    if (!isTerminal(now.state)) return 'it has ended';
  } else if (isTerminal(now.state)) {
    for (const field of ['startedAt', 'heartbeatAt'] as const)
      if (isUnreadable(job, field)) return `nobody can read its ${field}`;
    const { graceMs } = limitsOf(source.sweep, job.type);
    return livesAfter(then, now.endedAt, graceMs) ? 'it shows life after that end' : undefined;
  }
  return laterOf(then, now) > 0 ? NEWER : undefined;
}

/** Returns who ended a job, where evidence in its record shows that it was not its own program. */
function enderOf({ addedField }: Source, { job, get }: StoredRecord): string | undefined {
  if ((get(`${addedField}.evidence`) ?? null) === null) return undefined;
  const by = job.added.evidence?.by ?? null;
  return by === null ? 'the sweep' : by;
}

/** Whether a heartbeat or an update of the record would be set back. */
function isOlder(field: JobField, job: Job, value: Value): boolean {
  if (field !== 'heartbeatAt' && field !== 'updatedAt') return false;
  const recorded = job[field];
  return recorded !== null && value instanceof Date && value < recorded;
}

/** Whether the record has that value already, in any form: then nothing is written. */
function isSame(
  { fields, statuses }: Source,
  field: JobField,
  before: unknown,
  value: Value,
  row: ParsedRow,
): boolean {
  if (value === null) return (before ?? null) === null;
  const mapping = fields[field];
  if (typeof mapping === 'object')
    return value instanceof Date && orNull(readTime(before, mapping))?.getTime() === value.getTime();
  if (field === 'status') {
    const word = orNull(readText(before));
    return word !== null && Object.hasOwn(statuses, word) && statuses[word] === row.state;
  }
  if (typeof value === 'number') return orNull(readAmount(before, Number.MAX_VALUE)) === value;
  if (typeof value === 'boolean') return before === value;
  return orNull(field === 'error' ? readText(before) : readId(before)) === value;
}

/** Returns the path at which the record has another value, where a map is needed. */
function parentInTheWay({ get }: StoredRecord, path: string): string | undefined {
  const keys = path.split('.');
  const parents = keys.slice(1).map((_, index) => keys.slice(0, index + 1).join('.'));
  return parents.find((parent) => {
    const value = get(parent) ?? null;
    return value !== null && Object.getPrototypeOf(value) !== Object.prototype;
  });
}

/** Returns the value in the type of the source; a status that is stored as a number stays one. */
function stored({ fields }: Source, field: JobField, value: Value, before: unknown): unknown {
  const mapping = fields[field];
  if (value instanceof Date) return typeof mapping === 'object' ? writeTime(value, mapping.type) : value;
  const isNumbered = field === 'status' && typeof before === 'number' && String(Number(value)) === value;
  return isNumbered ? Number(value) : value;
}

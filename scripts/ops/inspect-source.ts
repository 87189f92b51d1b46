import {
  isTerminal,
  type Job,
  type JobRecord,
  MOST_BYTES,
  readJob,
} from '../../functions/shared/model/job.ts';
import {
  isNone,
  readAmount,
  readId,
  readTime,
  TIME_TYPES,
  type TimeType,
} from '../../functions/shared/model/reading.ts';
import {
  PLAIN_FIELDS,
  type PlainField,
  type Source,
  TIME_FIELDS,
  type TimeField,
} from '../../functions/shared/model/source.ts';
import type { JobState } from '../../functions/shared/model/states.ts';

type Field = PlainField | TimeField;

/** Words in the status field that nobody mapped. */
export interface Unmapped {
  word: string;
  count: number;
}

/** A mapped field that stores another type than the settings say. */
export interface Mistyped {
  field: Field;
  path: string;
  /** What the stored values seem to be, in words. */
  holds: string;
  expected: string;
  count: number;
  /** The type of time that would fit every stored value. */
  fits: TimeType | null;
}

/** A mapped field that records lack although they should have it. */
export interface Missing {
  field: Field;
  path: string;
  count: number;
  /** How many of the records should have it, and which these are. */
  of: number;
  which: string;
  /** False where some records may well lack it. */
  mend: boolean;
}

/** What was found in the records of a source. */
export interface Inspection {
  records: number;
  unmapped: Unmapped[];
  mistyped: Mistyped[];
  missing: Missing[];
  /** Whether something is wrong enough to falsify what the tasks see. */
  toMend: boolean;
}

/** Which records should have a field; every record where it is not listed. */
const EXPECTED: Partial<Record<Field, { which: string; of: (job: Job) => boolean }>> = {
  startedAt: { which: 'that run or completed', of: (job) => is(job, 'running', 'completed') },
  heartbeatAt: { which: 'that run', of: (job) => is(job, 'running') },
  endedAt: { which: 'that ended', of: (job) => isTerminal(job.state) },
  error: { which: 'that failed', of: (job) => is(job, 'failed') },
  backendId: { which: 'that run or completed', of: (job) => is(job, 'running', 'completed') },
  artifactUri: { which: 'that completed', of: (job) => is(job, 'completed') },
};
/** Fields that a task cannot do without where they are mapped: one record without them is one too many. */
const NEEDED: readonly Field[] = ['id', 'status', 'startedAt', 'heartbeatAt', 'endedAt', 'updatedAt'];
/** Fields that falsify figures where their path is wrong; so many records without any value tell that it is. */
const COUNTED: readonly Field[] = ['gpus'];
const ENOUGH = 5;

/** What of `records` does not fit the mapping of `source`. */
export function inspectSource(source: Source, records: readonly JobRecord[]): Inspection {
  const jobs = records.map((record) => readJob(source, record));
  const words = jobs.filter((job) => job.state === 'unknown' && job.status !== '').map((job) => job.status);
  const unmapped = counted(words).map(([word, count]) => ({ word, count }));
  const mistyped = mappedFields(source).flatMap(({ field, path, type, zone }) =>
    mistypedIn(
      { field, path, type, zone },
      records.map((record) => record.get(path)),
    ),
  );
  const missing = mappedFields(source).flatMap(({ field, path }) => {
    const { which, of } = EXPECTED[field] ?? { which: '', of: () => true };
    const expected = records.filter((_, index) => of(jobs[index] as Job));
    const count = expected.filter((record) => isAbsent(field, record.get(path))).length;
    if (count === 0) return [];
    const nowhere = COUNTED.includes(field) && count === expected.length && count >= ENOUGH;
    return [{ field, path, count, of: expected.length, which, mend: nowhere || NEEDED.includes(field) }];
  });
  const toMend = unmapped.length > 0 || mistyped.length > 0 || missing.some(({ mend }) => mend);
  return { records: records.length, unmapped, mistyped, missing, toMend };
}

function is(job: Job, ...states: JobState[]): boolean {
  return (states as string[]).includes(job.state);
}

/** An explicit null says "not yet", which is fine for anything but a status. */
function isAbsent(field: Field, value: unknown): boolean {
  return value === undefined || (field === 'status' && (value === null || value === ''));
}

interface MappedField {
  field: Field;
  path: string;
  type: TimeType | 'text' | 'number';
  zone?: string | undefined;
}

function mappedFields({ fields }: Source): MappedField[] {
  const plain = PLAIN_FIELDS.flatMap((field): MappedField[] => {
    const path = fields[field];
    return path === undefined ? [] : [{ field, path, type: field === 'gpus' ? 'number' : 'text' }];
  });
  const times = TIME_FIELDS.flatMap((field): MappedField[] => {
    const mapping = fields[field];
    return mapping === undefined ? [] : [{ field, ...mapping }];
  });
  return [...plain, ...times];
}

function mistypedIn({ field, path, type, zone }: MappedField, values: readonly unknown[]): Mistyped[] {
  const filled = values.filter((value) => !isNone(value));
  const wrong = filled.filter((value) => !isReadable(value, { type, zone }));
  const isTime = type !== 'text' && type !== 'number';
  const fits = isTime
    ? TIME_TYPES.find((other) =>
        filled.every((value) => readTime(value, { type: other, zone }).is === 'read'),
      )
    : undefined;
  return counted(wrong.map(holdsInWords)).map(([holds, count]) => ({
    field,
    path,
    holds,
    expected: type,
    count,
    fits: fits ?? null,
  }));
}

function isReadable(value: unknown, { type, zone }: Pick<MappedField, 'type' | 'zone'>): boolean {
  if (type === 'text') return readId(value).is === 'read';
  if (type === 'number') return readAmount(value, MOST_BYTES).is === 'read';
  // A value that stands for none is no fault.
  return readTime(value, { type, zone }).is !== 'unreadable';
}

const TIME_WORDS: Record<TimeType, string> = {
  timestamp: 'a timestamp',
  iso: 'ISO text',
  seconds: 'seconds',
  millis: 'milliseconds',
  micros: 'microseconds',
};

function holdsInWords(value: unknown): string {
  const type = TIME_TYPES.find(
    (candidate) => readTime(value, { type: candidate, zone: 'UTC' }).is === 'read',
  );
  if (type !== undefined) return TIME_WORDS[type];
  if (value instanceof Date) return 'an implausible timestamp';
  if (typeof value === 'string')
    return value.trim() !== '' && Number(value) >= 0 ? 'a number as text' : 'text';
  if (typeof value === 'number') return value < 0 ? 'a negative number' : 'a number that is no time';
  if (Array.isArray(value)) return 'a list';
  return typeof value === 'boolean' ? 'true or false' : 'a map';
}

/** The distinct words with how often they occur, the most frequent first. */
function counted(words: readonly string[]): [string, number][] {
  const counts = new Map<string, number>();
  for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1);
  return [...counts].sort(([, a], [, b]) => b - a);
}

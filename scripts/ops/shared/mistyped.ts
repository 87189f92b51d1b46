import { MINUTE_MS } from '../../../functions/shared/dates.ts';
import type { Job, JobRecord } from '../../../functions/shared/model/job/job.ts';
import {
  PLAIN_FIELDS,
  type PlainField,
  type Source,
  TIME_FIELDS,
  type TimeField,
} from '../../../functions/shared/model/job/source.ts';
import {
  orNull,
  quoted,
  readTime,
  TIME_TYPES,
  type TimeType,
} from '../../../functions/shared/model/reading/reading.ts';

export type Field = PlainField | TimeField;

/** A mapped field that cannot be read in some records. */
export interface Mistyped {
  field: Field;
  path: string;
  /** What the stored values seem to be, in words, and one of them. */
  holds: string;
  example: string;
  /** The type that the settings say. */
  expected: string;
  count: number;
  /** The type of time that would fit every stored value, and the zone that it needs. */
  fits: TimeType | null;
  zone: string | null;
}

/** A field as the settings map it. */
export interface MappedField {
  field: Field;
  path: string;
  type: TimeType | 'text' | 'number';
  zone?: string | undefined;
}

const AMOUNTS: readonly Field[] = ['gpus', 'artifactBytes'];

export function mappedFields({ fields }: Pick<Source, 'fields'>): MappedField[] {
  const plain = PLAIN_FIELDS.flatMap((field): MappedField[] => {
    const path = fields[field];
    return path === undefined ? [] : [{ field, path, type: AMOUNTS.includes(field) ? 'number' : 'text' }];
  });
  const times = TIME_FIELDS.flatMap((field): MappedField[] => {
    const mapping = fields[field];
    return mapping === undefined ? [] : [{ field, ...mapping }];
  });
  return [...plain, ...times];
}

/** Returns the fields that are unreadable in some of the records. `jobs` are the same records, mapped. */
export function mistypedIn(source: Source, records: readonly JobRecord[], jobs: readonly Job[]): Mistyped[] {
  const zone = zoneThatFits(source, records);
  return mappedFields(source).flatMap((mapped) => {
    const { field, path, type } = mapped;
    const wrong = records
      .filter((_, index) => jobs[index]?.unreadable.some((it) => it.field === field))
      .map((record) => record.get(path));
    const fitting = formThatFits(
      mapped,
      records.map((record) => record.get(path)),
      zone,
    );
    const byKind = [...Map.groupBy(wrong, (value) => holdsInWords(value, type))];
    return byKind
      .sort(([, a], [, b]) => b.length - a.length)
      .map(([holds, values]) => ({
        field,
        path,
        holds,
        example: quoted(values[0]),
        expected: type,
        count: values.length,
        ...fitting,
      }));
  });
}

/** The type of time by which every value can be read, and the zone where only one makes it so. */
function formThatFits(
  { type, zone }: MappedField,
  values: readonly unknown[],
  otherZone: string,
): Pick<Mistyped, 'fits' | 'zone'> {
  if (type === 'text' || type === 'number') return { fits: null, zone: null };
  const readAll = (candidate: TimeType, zone: string | undefined) => {
    const readings = values.map((value) => readTime(value, { type: candidate, zone }).is);
    return readings.includes('read') && !readings.includes('unreadable');
  };
  const fits = TIME_TYPES.find((candidate) => readAll(candidate, zone));
  if (fits !== undefined) return { fits, zone: null };
  return readAll('iso', otherZone) ? { fits: 'iso', zone: otherZone } : { fits: null, zone: null };
}

/** How far the times that were set when a record was written may lie apart. */
const SPREAD_MS = 20 * MINUTE_MS;
const STEP_MS = 15 * MINUTE_MS;

/**
 * The zone of text that names none: what a record says of its last change was said when Firestore wrote it. `UTC` where the
 * records do not agree.
 */
function zoneThatFits({ fields }: Source, records: readonly JobRecord[]): string {
  const ahead = records.flatMap(({ get, writtenAt }) => {
    const said = [fields.updatedAt, fields.heartbeatAt].flatMap((mapping) => {
      const value = mapping && get(mapping.path);
      const isNaive = readTime(value, { type: 'iso' }).is === 'unreadable';
      return (isNaive && orNull(readTime(value, { type: 'iso', zone: 'UTC' }))) || [];
    });
    return writtenAt && said.length > 0
      ? [Math.max(...said.map((at) => at.getTime())) - writtenAt.getTime()]
      : [];
  });
  const [least, most] = [Math.min(...ahead), Math.max(...ahead)];
  if (ahead.length === 0 || most - least > SPREAD_MS) return 'UTC';
  const minutes = (Math.ceil((most - MINUTE_MS) / STEP_MS) * STEP_MS) / MINUTE_MS;
  if (minutes === 0 || Math.abs(minutes) > 14 * 60) return 'UTC';
  const digits = (number: number) => String(number).padStart(2, '0');
  const size = Math.abs(minutes);
  return `${minutes < 0 ? '-' : '+'}${digits(Math.floor(size / 60))}:${digits(size % 60)}`;
}

const TIME_WORDS: Record<TimeType, string> = {
  timestamp: 'a timestamp',
  iso: 'ISO text',
  seconds: 'seconds',
  millis: 'milliseconds',
  micros: 'microseconds',
};

function holdsInWords(value: unknown, type: MappedField['type']): string {
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'boolean') return 'true or false';
  if (type === 'text' || type === 'number') {
    if (typeof value === 'string') return 'text';
    if (typeof value === 'number' || typeof value === 'bigint')
      return type === 'text'
        ? 'a rounded number'
        : value < 0
          ? 'a negative number'
          : 'a number beyond reason';
    return 'a map';
  }
  const isRead = (candidate: TimeType, zone?: string) =>
    readTime(value, { type: candidate, zone }).is === 'read';
  const held = TIME_TYPES.find((candidate) => isRead(candidate));
  if (held !== undefined) return TIME_WORDS[held];
  if (isRead('iso', 'UTC')) return 'ISO text without a zone';
  if (value instanceof Date) return 'an implausible timestamp';
  if (typeof value === 'string')
    return value.trim() !== '' && Number(value) >= 0 ? 'a number as text' : 'text';
  if (typeof value === 'number' || typeof value === 'bigint')
    return value < 0 ? 'a negative number' : 'a number that is no time';
  return 'a map';
}

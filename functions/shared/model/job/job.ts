import { z } from 'zod';
import type { Day } from '../../dates.ts';
import { lifeSchema, nothingThereSchema, tombstoneSchema } from '../artifact/artifact-life.ts';
import { placesIn } from '../artifact/locator.ts';
import {
  isNone,
  orNull,
  quoted,
  type Reading,
  read,
  readAmount,
  readHold,
  readId,
  readText,
  readTime,
} from '../reading/reading.ts';
import { dayAmongTexts } from '../reading/time-text.ts';
import { readStoredReport } from '../report/read-stored.ts';
import { storedReportSchema } from '../report/stored.ts';
import { earlierSchema, evidenceSchema } from './evidence.ts';
import type { JobField, PlainField, Source, TimeField } from './source.ts';
import { type JobState, TERMINAL_STATES } from './states.ts';

/** A job as the rest of the project sees it: the user's record, mapped. */
export interface Job {
  /** The mapped id, else the document's. */
  id: string;
  /** `source:path`, unique also where several sources or parents have the same id; see `jobName`. */
  name: string;
  /** The name of its source. */
  source: string;
  /** The path of its document. */
  path: string;
  /** Empty where the record names none. */
  type: string;
  project: string;
  state: JobState | 'unknown';
  /** The user's word for the state, for reports. */
  status: string;
  startedAt: Date | null;
  endedAt: Date | null;
  createdAt: Date | null;
  updatedAt: Date | null;
  heartbeatAt: Date | null;
  /** When the record was last written, by Firestore's clock; `null` where the reader has not got it. */
  writtenAt: Date | null;
  /** Why it failed, in the words of its record. */
  error: string | null;
  /** Its name at the backend. */
  backendId: string | null;
  gpus: number;
  /** `null` where the record has none. */
  artifactBytes: number | null;
  model: string;
  /** As it is written in the record. */
  artifactUri: string | null;
  registeredModel: string | null;
  keepUntil: Date | null;
  resumedFrom: string | null;
  /** What Nightshift itself added. */
  added: AddedToJob;
  /** The mapped fields whose value is unreadable. Each is empty above, and must not be treated as absent. */
  unreadable: Unreadable[];
}

/** What of a record can be unreadable: a field that the source maps, or what a reporter has told through us. */
export type ReadField = JobField | 'report';

/** A field whose value is unreadable, and why in words. */
export interface Unreadable {
  field: ReadField;
  why: string;
  /** The day on which a query by the field finds it, where it is text that sorts among the times of that day. */
  day?: Day | undefined;
  /** The texts in a list or map that was found instead of one place or name: each may be the one that was meant. */
  texts?: readonly string[] | undefined;
  /** Whether there are more texts than these: then it may mean anything. */
  hasMore?: boolean | undefined;
}

/**
 * What Nightshift adds to a record, below its `addedField`. An unreadable value counts as absent here, for only we write it;
 * but a report, which may be the only sign of life, is named in `unreadable`.
 */
const addedFields = z.object({
  /** Whether the sweep inferred the end, which is then no recorded one. */
  endInferred: z.boolean().default(false).catch(false),
  /** Set once the deletion of the job's artifacts has begun. */
  tombstone: tombstoneSchema.nullable().default(null).catch(null),
  /** Set once nothing is left of the job's artifacts, and the life whose artifacts they were. */
  deletedAt: z.date().nullable().default(null).catch(null),
  deletedLife: lifeSchema.nullable().default(null).catch(null),
  /** Set where no objects were found at the job's artifact URI. */
  nothingThere: nothingThereSchema.nullable().default(null).catch(null),
  /** Why the sweep, or a person through it, ended the job. */
  evidence: evidenceSchema.nullable().default(null).catch(null),
  /** Earlier changes that no longer stand, the newest last. */
  earlier: z.array(earlierSchema).default([]).catch([]),
  /** What its newest execution has told of itself. */
  report: storedReportSchema.nullable().default(null).catch(null),
  /** When a person asked that the job stop. */
  stopRequested: z
    .unknown()
    .optional()
    .transform((value) => value !== undefined && value !== null && value !== false),
});
const addedSchema = addedFields.catch(() => addedFields.parse({}));
export type AddedToJob = z.infer<typeof addedSchema>;

/** The project of a job whose record names none. */
const NO_PROJECT = 'none';

/** A record as the store reads it. */
export interface JobRecord {
  id: string;
  /** The name of the source that it was read by. */
  source: string;
  path: string;
  /** Returns the value at a field path; a timestamp as a Date. */
  get: (fieldPath: string) => unknown;
  writtenAt?: Date | undefined;
}

/** Larger values are unreadable: no job has as many GPUs, and no platform as many bytes. */
export const MOST_GPUS = 1_000_000;
export const MOST_BYTES = 1e18;

/** Returns the name by which a job is known across sources. */
export function jobName(source: string, path: string): string {
  return `${source}:${path}`;
}

/** Returns the document path of the job with that name; `undefined` for a job of another source. */
export function pathInSource(name: string, source: string): string | undefined {
  return name.startsWith(`${source}:`) ? name.slice(source.length + 1) : undefined;
}

/** Maps a record of `source` to a job. Never throws: fields that are unreadable are listed in `unreadable`. */
export function readJob(source: Source, document: JobRecord): Job {
  const { fields } = source;
  const unreadable: Unreadable[] = [];
  /** Reads one field; `null` where it is not mapped, absent or unreadable. */
  const field = <T>(name: JobField, reader: (value: unknown) => Reading<T>): T | null => {
    const mapping = fields[name];
    if (mapping === undefined) return null;
    const value = document.get(typeof mapping === 'string' ? mapping : mapping.path);
    const reading = reader(value);
    if (reading.is === 'unreadable') {
      const isText = typeof mapping === 'object' && mapping.type === 'iso' && typeof value === 'string';
      const day = isText ? dayAmongTexts(value) : undefined;
      const { is, ...told } = reading;
      unreadable.push({ field: name, ...told, ...(day !== undefined && { day }) });
    }
    return orNull(reading);
  };
  const id = (name: PlainField) => field(name, readId);
  const time = (name: TimeField) => {
    const form = fields[name];
    return form ? field(name, (value) => readTime(value, form)) : null;
  };
  const keepUntil = () => {
    const form = fields.keepUntil;
    return form ? field('keepUntil', (value) => readHold(value, form)) : null;
  };
  const amount = (name: PlainField, max: number) => field(name, (value) => readAmount(value, max));
  const added = document.get(source.addedField);
  const report = readStoredReport(added);
  if (report.is === 'unreadable') unreadable.push({ field: 'report', why: report.why });
  const status = field('status', readText) ?? '';
  return {
    id: id('id') ?? document.id,
    name: jobName(document.source, document.path),
    source: document.source,
    path: document.path,
    type: id('type') ?? '',
    project: id('project') ?? NO_PROJECT,
    // The user's word may be `constructor`, which every object inherits.
    state: (Object.hasOwn(source.statuses, status) && source.statuses[status]) || 'unknown',
    status,
    startedAt: time('startedAt'),
    endedAt: time('endedAt'),
    createdAt: time('createdAt'),
    updatedAt: time('updatedAt'),
    heartbeatAt: time('heartbeatAt'),
    writtenAt: document.writtenAt ?? null,
    error: field('error', readText),
    backendId: id('backendId'),
    gpus: amount('gpus', MOST_GPUS) ?? 0,
    artifactBytes: amount('artifactBytes', MOST_BYTES),
    model: id('model') ?? '',
    artifactUri: field('artifactUri', readLocator),
    registeredModel: field('registeredModel', readMark),
    keepUntil: keepUntil(),
    resumedFrom: field('resumedFrom', readLocator),
    added: addedSchema.parse(added ?? {}),
    unreadable,
  };
}

export function isUnreadable(job: { unreadable: readonly Unreadable[] }, field: ReadField): boolean {
  return job.unreadable.some((each) => each.field === field);
}

/** Reads a mark that keeps artifacts. Any value but `false` and those for none is one: in doubt, artifacts are kept. */
function readMark(value: unknown): Reading<string> {
  if (isNone(value) || value === false) return { is: 'absent' };
  const name = readId(value);
  return name.is === 'read' ? name : { is: 'read', value: quoted(value) };
}

/** Reads what names artifacts or another job. Text stays as it is, for a blank at its end may be part of a name. */
export function readLocator(value: unknown): Reading<string> {
  if (typeof value === 'string' && !isNone(value)) {
    const places = placesIn(value);
    if (places.length < 2) return read(value);
    const texts = places.slice(0, MOST_TEXTS);
    const hasMore = places.length > texts.length;
    return { is: 'unreadable', why: `${quoted(value)} is more than one place`, texts, hasMore };
  }
  const reading = readId(value);
  return reading.is === 'unreadable' ? { ...reading, ...textsIn(value) } : reading;
}

/** More are not kept of one value: a record has room for so many only if it was made for that. */
const MOST_TEXTS = 20_000;
/** Firestore nests values no deeper. */
const DEEPEST_TEXT = 20;

/** Returns the texts and identifiers in a list or map, each once, as far as these are neither too many nor too deep. */
function textsIn(value: unknown): { texts: string[]; hasMore?: boolean } {
  const texts = new Set<string>();
  /** Returns whether all of it was looked at. */
  const collect = (inner: unknown, depth: number): boolean => {
    if (typeof inner !== 'object' || inner === null) return true;
    if (depth > DEEPEST_TEXT) return false;
    const entries: Iterable<[number | string, unknown]> = Array.isArray(inner)
      ? inner.entries()
      : Object.entries(inner);
    for (const [key, each] of entries) {
      if (texts.size >= MOST_TEXTS) return false;
      const reading = readId(each);
      // A map may have places for keys.
      if (typeof key === 'string' && key.includes('/')) texts.add(key);
      if (reading.is === 'read') texts.add(reading.value);
      else if (!collect(each, depth + 1)) return false;
    }
    return true;
  };
  const isWhole = collect(value, 0);
  return { texts: [...texts], ...(!isWhole && { hasMore: true }) };
}

/** Whether a job in this state has ended for good. */
export function isTerminal(state: Job['state']): boolean {
  return (TERMINAL_STATES as readonly string[]).includes(state);
}

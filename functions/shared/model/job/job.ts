import { z } from 'zod';
import type { Day } from '../../dates.ts';
import { lifeSchema, nothingThereSchema, tombstoneSchema } from '../artifact/artifact-life.ts';
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
import { earlierSchema, evidenceSchema } from './evidence.ts';
import type { JobField, PlainField, Source, TimeField } from './source.ts';
import { type JobState, TERMINAL_STATES } from './states.ts';

/** A job as the rest of the project sees it: the user's record, mapped. */
export interface Job {
  /** The mapped id, else the document's. */
  id: string;
  /** `source:path`, unique where ids of several sources or parents may meet; see `jobName`. */
  name: string;
  /** The name of its source. */
  source: string;
  /** The path of its document. */
  path: string;
  /** Empty where the record names none. */
  type: string;
  project: string;
  state: JobState | 'unknown';
  /** Their word, for reporting. */
  status: string;
  startedAt: Date | null;
  endedAt: Date | null;
  createdAt: Date | null;
  updatedAt: Date | null;
  heartbeatAt: Date | null;
  /** When Firestore last wrote the record, by its own clock; `null` where the reader was not told. */
  writtenAt: Date | null;
  /** Why it failed, as its record says. */
  error: string | null;
  /** Its name where it really runs. */
  backendId: string | null;
  gpus: number;
  /** `null` where the record does not say. */
  artifactBytes: number | null;
  model: string;
  /** As it is written in the record. */
  artifactUri: string | null;
  registeredModel: string | null;
  keepUntil: Date | null;
  resumedFrom: string | null;
  /** What Nightshift itself added. */
  added: AddedToJob;
  /** Mapped fields whose value is there and cannot be read; each is empty above, and must not be taken for absent. */
  unreadable: Unreadable[];
}

/** A field that cannot be read, and why in words. */
export interface Unreadable {
  field: JobField;
  why: string;
  /** Where a query by the field finds it: the day among whose texts it sorts. */
  day?: Day | undefined;
  /** The texts in a list or map that stands for a place or a name: each may be what is meant. */
  texts?: readonly string[] | undefined;
}

/** What Nightshift adds to a record, below its `addedField`. Whatever cannot be read counts as not there. */
const addedFields = z.object({
  /** Whether the end was inferred by the sweep, not recorded. */
  endInferred: z.boolean().default(false).catch(false),
  /** The deletion of the job's artifacts has begun. */
  tombstone: tombstoneSchema.nullable().default(null).catch(null),
  /** Nothing is left of the job's artifacts, as they were in that life. */
  deletedAt: z.date().nullable().default(null).catch(null),
  deletedLife: lifeSchema.nullable().default(null).catch(null),
  /** Nothing was found where the job's artifacts should be. */
  nothingThere: nothingThereSchema.nullable().default(null).catch(null),
  /** Why the sweep, or a person through it, ended the job. */
  evidence: evidenceSchema.nullable().default(null).catch(null),
  /** What was said of it before and stands no more, the newest last. */
  earlier: z.array(earlierSchema).default([]).catch([]),
});
const addedSchema = addedFields.catch(() => addedFields.parse({}));
export type AddedToJob = z.infer<typeof addedSchema>;

/** The project of a job whose record names none. */
const NO_PROJECT = 'none';

/** A record as the store hands it over: `get` returns the value at a field path, times as Date. */
export interface JobRecord {
  id: string;
  /** The name of the source that it was read by. */
  source: string;
  path: string;
  get: (fieldPath: string) => unknown;
  writtenAt?: Date | undefined;
}

/** Beyond these, nobody counted: a value is unreadable. */
export const MOST_GPUS = 1_000_000;
export const MOST_BYTES = 1e18;

/** By what a job is known beyond its source. */
export function jobName(source: string, path: string): string {
  return `${source}:${path}`;
}

/** The path of the document of the job with that name; `undefined` for a job of another source. */
export function pathInSource(name: string, source: string): string | undefined {
  return name.startsWith(`${source}:`) ? name.slice(source.length + 1) : undefined;
}

/** Maps a record of `source`. Never throws: what cannot be read is named in `unreadable`. */
export function readJob(source: Source, document: JobRecord): Job {
  const { fields } = source;
  const unreadable: Unreadable[] = [];
  /** The value of a field by its reader; `null` where it is not mapped, absent or unreadable. */
  const field = <T>(name: JobField, reader: (value: unknown) => Reading<T>): T | null => {
    const mapping = fields[name];
    if (mapping === undefined) return null;
    const value = document.get(typeof mapping === 'string' ? mapping : mapping.path);
    const reading = reader(value);
    if (reading.is === 'unreadable') {
      const isText = typeof mapping === 'object' && mapping.type === 'iso' && typeof value === 'string';
      const day = isText ? dayAmongTexts(value) : undefined;
      const { why, texts } = reading;
      unreadable.push({ field: name, why, ...(day !== undefined && { day }), ...(texts && { texts }) });
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
  const status = field('status', readText) ?? '';
  return {
    id: id('id') ?? document.id,
    name: jobName(document.source, document.path),
    source: document.source,
    path: document.path,
    type: id('type') ?? '',
    project: id('project') ?? NO_PROJECT,
    // Their word may be `constructor`, which every object has.
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
    added: addedSchema.parse(document.get(source.addedField) ?? {}),
    unreadable,
  };
}

/** Whether a field of the job is there and cannot be read. */
export function isUnreadable(job: { unreadable: readonly Unreadable[] }, field: JobField): boolean {
  return job.unreadable.some((it) => it.field === field);
}

/** Anything but `false` and what stands for none marks a job, whatever it says: nobody wants it deleted. */
function readMark(value: unknown): Reading<string> {
  if (isNone(value) || value === false) return { is: 'absent' };
  const name = readId(value);
  return name.is === 'read' ? name : { is: 'read', value: quoted(value) };
}

/** What names artifacts or another job: text as it stands, for a blank at its end may belong to a name. */
export function readLocator(value: unknown): Reading<string> {
  if (typeof value === 'string' && !isNone(value)) return read(value);
  const reading = readId(value);
  return reading.is === 'unreadable' ? { ...reading, texts: textsIn(value) } : reading;
}

const MOST_TEXTS = 20;
const DEEPEST_TEXT = 3;

/** The texts and identifiers in a list or map, as far as it is not too large or too deep. */
function textsIn(value: unknown, depth = 0): string[] {
  if (typeof value !== 'object' || value === null || depth > DEEPEST_TEXT) return [];
  return Object.values(value)
    .slice(0, MOST_TEXTS)
    .flatMap((inner) => {
      const reading = readId(inner);
      return reading.is === 'read' ? [reading.value] : textsIn(inner, depth + 1);
    })
    .slice(0, MOST_TEXTS);
}

/** Whether a job in this state has ended for good. */
export function isTerminal(state: Job['state']): boolean {
  return (TERMINAL_STATES as readonly string[]).includes(state);
}

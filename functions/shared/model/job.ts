import { z } from 'zod';
import { parseInstant } from '../dates.ts';
import { earlierSchema, evidenceSchema } from './evidence.ts';
import type { Source, TimeField, TimeMapping } from './source.ts';
import { type JobState, TERMINAL_STATES } from './states.ts';

/** A job as the rest of the project sees it: the user's record, mapped. */
export interface Job {
  /** The mapped id, else the document's. */
  id: string;
  /** `source:path of the document`, unique where ids of several sources or parents may meet. */
  name: string;
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
  /** Mapped fields whose value is not of the mapped type; they count as missing. */
  mistyped: string[];
}

/** What Nightshift adds to a record, below its `addedField`. Whatever cannot be read counts as not there. */
const addedSchema = z.object({
  /** Whether the end was inferred by the sweep, not recorded. */
  endInferred: z.boolean().default(false).catch(false),
  /** The deletion of the job's artifacts has begun. */
  tombstone: z.object({ planId: z.string(), runId: z.string() }).nullable().default(null).catch(null),
  /** Nothing is left of the job's artifacts. */
  deletedAt: z.date().nullable().default(null).catch(null),
  /** Why the sweep, or a person through it, ended the job. */
  evidence: evidenceSchema.nullable().default(null).catch(null),
  /** What was said of it before and stands no more, the newest last. */
  earlier: z.array(earlierSchema).default([]).catch([]),
});
export type AddedToJob = z.infer<typeof addedSchema>;

/** The project of a job whose record names none. */
const NO_PROJECT = 'none';

/** A record as the store hands it over: `get` returns the value at a field path, times as Date. */
export interface JobRecord {
  id: string;
  name: string;
  get: (fieldPath: string) => unknown;
}

/** Maps a record of `source`. Never throws: what cannot be read counts as missing and is told in `mistyped`. */
export function readJob(source: Source, document: JobRecord): Job {
  const { fields } = source;
  const mistyped: string[] = [];
  const text = (path: string | undefined): string | undefined => {
    const value = path === undefined ? undefined : document.get(path);
    if (typeof value === 'number') return String(value);
    return typeof value === 'string' && value !== '' ? value : undefined;
  };
  const time = (field: TimeField): Date | null => {
    const mapping = fields[field];
    if (!mapping) return null;
    const value = document.get(mapping.path);
    if (value === null || value === undefined || value === '') return null;
    const instant = readTime(value, mapping.type);
    if (!instant) mistyped.push(field);
    return instant ?? null;
  };
  /** Anything but an empty value marks; `true` has no name. */
  const mark = (field: 'registeredModel'): string | null => {
    const path = fields[field];
    const value = path === undefined ? undefined : document.get(path);
    return value === null || value === undefined || value === false || value === '' ? null : String(value);
  };
  const amount = (field: 'gpus' | 'artifactBytes'): number | null => {
    const path = fields[field];
    const value = path === undefined ? undefined : document.get(path);
    if (value === null || value === undefined) return null;
    if (typeof value === 'number' && Number.isFinite(value) && value >= 0) return value;
    mistyped.push(field);
    return null;
  };
  const status = text(fields.status) ?? '';
  return {
    id: text(fields.id) ?? document.id,
    name: document.name,
    type: text(fields.type) ?? '',
    project: text(fields.project) ?? NO_PROJECT,
    // Their word may be `constructor`, which every object has.
    state: (Object.hasOwn(source.statuses, status) && source.statuses[status]) || 'unknown',
    status,
    startedAt: time('startedAt'),
    endedAt: time('endedAt'),
    createdAt: time('createdAt'),
    updatedAt: time('updatedAt'),
    heartbeatAt: time('heartbeatAt'),
    error: text(fields.error) ?? null,
    backendId: text(fields.backendId) ?? null,
    gpus: amount('gpus') ?? 0,
    artifactBytes: amount('artifactBytes'),
    model: text(fields.model) ?? '',
    artifactUri: text(fields.artifactUri) ?? null,
    registeredModel: mark('registeredModel'),
    keepUntil: time('keepUntil'),
    resumedFrom: text(fields.resumedFrom) ?? null,
    added: addedSchema.parse(document.get(source.addedField) ?? {}),
    mistyped,
  };
}

/** Whether a job in this state has ended for good. */
export function isTerminal(state: Job['state']): boolean {
  return (TERMINAL_STATES as readonly string[]).includes(state);
}

/** No time of a job lies outside; half-open. */
export const PLAUSIBLE_TIMES = { from: new Date(Date.UTC(2000, 0, 1)), to: new Date(Date.UTC(2200, 0, 1)) };

/** Reads a stored time of the mapped type; `undefined` when it is of another type or no plausible time at all. */
export function readTime(value: unknown, type: TimeMapping['type']): Date | undefined {
  const instant = (() => {
    if (type === 'timestamp') return value instanceof Date ? value : undefined;
    if (type === 'iso') return typeof value === 'string' ? parseIso(value) : undefined;
    if (typeof value !== 'number') return undefined;
    return new Date(type === 'seconds' ? value * 1000 : value);
  })();
  // Seconds read as milliseconds land in 1970, the reverse far in the future: neither is a time of a job.
  return instant && instant >= PLAUSIBLE_TIMES.from && instant < PLAUSIBLE_TIMES.to ? instant : undefined;
}

/** The value to store for `instant` in the mapped type. */
export function writeTime(instant: Date, type: TimeMapping['type']): Date | string | number {
  if (type === 'timestamp') return instant;
  if (type === 'iso') return instant.toISOString();
  return type === 'seconds' ? instant.getTime() / 1000 : instant.getTime();
}

/** ISO text with an offset, or without one and then in UTC, as the days are. */
function parseIso(text: string): Date | undefined {
  return parseInstant(text) ?? parseInstant(`${text}Z`) ?? parseInstant(`${text}T00:00:00Z`);
}

import {
  type DocumentReference,
  type DocumentSnapshot,
  FieldValue,
  type Timestamp,
  type WriteBatch,
} from '@google-cloud/firestore';
import { type ChangedField, EARLIER_KEPT } from '../../model/job/evidence.ts';
import { type Job, readJob } from '../../model/job/job.ts';
import { type Source, wordToWrite } from '../../model/job/source.ts';
import { writeTime } from '../../model/reading/reading.ts';
import type { NewRecord, RecordChange } from '../../model/report/change.ts';
import { toStore } from '../../model/report/stored.ts';
import { isMap, plainOf } from '../firestore/firestore.ts';
import { wholeField } from '../firestore/value-at.ts';
import { type Ground, groundAfter, groundOf, madeBy, whyBlocked, whyTheirs } from './ground.ts';
import { pathsOf } from './jobs.ts';

/** A record as it is held between a read and a write, and between one write of ours and the next. */
export interface HeldRecord {
  ref: DocumentReference;
  /** The mapping that it is read and written by: its source's, or that of the executions of it. */
  mapping: Source;
  /** Read when it is first asked for: of most records that were just written nobody asks again. */
  readonly job: Job;
  /** `null` where there is no such record. */
  updateTime: Timestamp | null;
  /** What it holds at the mapped paths, as it is stored. */
  values: ReadonlyMap<string, unknown>;
  /** What Nightshift added to it, as it is stored. */
  added: Readonly<Record<string, unknown>>;
  /** What stands where writes need maps. */
  ground: Ground;
}

/** The fields that are read of a record: of one in a map all of that, for what else may stand there. */
export function heldPaths(mapping: Source): string[] {
  const paths = [...pathsOf(mapping), mapping.addedField];
  return [...new Set(paths.map(wholeField))];
}

/** A document of the source of that name, as it was read. */
export function heldRecord(source: string, mapping: Source, document: DocumentSnapshot): HeldRecord {
  const values = pathsOf(mapping).map((path) => [path, document.get(path)] as const);
  const added: unknown = document.get(mapping.addedField);
  return held(source, {
    ref: document.ref,
    mapping,
    updateTime: document.updateTime ?? null,
    values: new Map(values.filter(([, value]) => value !== undefined)),
    added: isMap(added) ? added : {},
    ground: groundOf(document, [...pathsOf(mapping), belowAdded(mapping, 'report')]),
  });
}

function held(source: string, record: Omit<HeldRecord, 'job'>): HeldRecord {
  const { ref, mapping, updateTime, values, added, ground } = record;
  let job: Job | undefined;
  return {
    ref,
    mapping,
    updateTime,
    values,
    added,
    ground,
    get job() {
      job ??= readJob(mapping, {
        id: ref.id,
        source,
        path: ref.path,
        get: (path) => plainOf(path === mapping.addedField ? added : values.get(path)),
      });
      return job;
    },
  };
}

/** What a change writes: at their paths, and below our field. A value that is `undefined` takes the field away. */
interface Writes {
  theirs: ReadonlyMap<string, unknown>;
  added: Readonly<Record<string, unknown>>;
}

/** A change of one record, on its way. */
export interface PutChange {
  writes: Writes;
  record: HeldRecord;
}

function belowAdded({ addedField }: Source, name: string): string {
  return `${addedField}.${name}`;
}

/**
 * Why a change cannot be written without the loss of something of theirs, in words; `null` where it can. An error that has no
 * place is left out.
 */
export function whyNoChange(
  record: HeldRecord,
  change: RecordChange,
  fresh: NewRecord | null,
): string | null {
  if (!record.updateTime) return null;
  const { mapping, ground, added } = record;
  const paths = [...writesOf(record, change, fresh).theirs.keys(), belowAdded(mapping, 'report')];
  const [first] = paths.flatMap((path) => whyBlocked(path, ground) ?? []);
  if (first !== undefined) return first;
  const evidence = added.evidence ?? null;
  if (!change.ending || evidence === null || isMap(evidence)) return null;
  const path = belowAdded(mapping, 'evidence');
  return whyTheirs(path, path, evidence);
}

/**
 * Adds to `batch` a change of a record, in the words and types of its source; it fails where the record is not as it is held,
 * and where a new one exists already.
 */
export function putChange(
  batch: WriteBatch,
  record: HeldRecord,
  change: RecordChange,
  fresh: NewRecord | null,
): PutChange {
  const writes = writesOf(record, change, fresh);
  const { ref, mapping, updateTime } = record;
  const ours = Object.entries(writes.added).map(([key, value]) => [belowAdded(mapping, key), value] as const);
  const all = [...writes.theirs, ...ours];
  if (updateTime) {
    const fields = all.map(([path, value]) => [path, value === undefined ? FieldValue.delete() : value]);
    batch.update(ref, Object.fromEntries(fields), { lastUpdateTime: updateTime });
  } else batch.create(ref, nested(all));
  return { writes, record };
}

/** The record once a change has landed at `updateTime`. */
export function heldAfter(source: string, { writes, record }: PutChange, updateTime: Timestamp): HeldRecord {
  const values = new Map([...record.values, ...writes.theirs].filter(([, value]) => value !== undefined));
  const { ref, mapping, added } = record;
  const ground = groundAfter(record.ground, [...writes.theirs.keys(), belowAdded(mapping, 'report')]);
  return held(source, { ref, mapping, updateTime, values, added: { ...added, ...writes.added }, ground });
}

function writesOf(record: HeldRecord, change: RecordChange, fresh: NewRecord | null): Writes {
  const { mapping, values, ground } = record;
  const { fields } = mapping;
  const theirs = new Map<string, unknown>();
  const putTime = (name: 'startedAt' | 'heartbeatAt' | 'endedAt' | 'updatedAt' | 'createdAt', at?: Date) => {
    const field = fields[name];
    if (at && field) theirs.set(field.path, writeTime(at, field.type));
  };
  if (change.state !== undefined) {
    const word = wordToWrite(mapping, change.state);
    const isNumber = typeof plainOf(values.get(fields.status)) === 'number';
    if (word !== undefined) theirs.set(fields.status, isNumber ? Number(word) : word);
  }
  putTime('startedAt', change.startedAt);
  putTime('heartbeatAt', change.heartbeatAt);
  putTime('endedAt', change.endedAt);
  putTime('updatedAt', change.at);
  if (fields.error !== undefined && change.error !== undefined && !whyBlocked(fields.error, ground))
    theirs.set(fields.error, change.error ?? errorBefore(record, fields.error));
  if (fresh) {
    putTime('createdAt', fresh.createdAt);
    if (fields.id !== undefined) theirs.set(fields.id, fresh.id);
    if (fields.project !== undefined && fresh.project !== null) theirs.set(fields.project, fresh.project);
  }
  return { theirs, added: addedOf(record, change, theirs) };
}

/** What we add; evidence that no longer stands is kept among the earlier ones. */
function addedOf(
  { added, values, ground }: HeldRecord,
  { report, ending }: RecordChange,
  theirs: ReadonlyMap<string, unknown>,
): Record<string, unknown> {
  const told = { report: toStore(report) };
  if (!ending) return told;
  const fields = [...theirs].map(([path, after]): ChangedField => {
    const change = { path, after: after ?? null };
    if (values.has(path)) return { ...change, before: values.get(path) };
    const made = madeBy(path, ground);
    return made ? { ...change, made } : change;
  });
  const before = Array.isArray(added.earlier) ? added.earlier : [];
  const kept = isMap(added.evidence) ? [{ ...added.evidence, takenBack: null }] : [];
  return {
    ...told,
    endInferred: ending.endInferred,
    evidence: { ...ending.evidence, fields },
    ...(kept.length > 0 ? { earlier: [...before, ...kept].slice(-EARLIER_KEPT) } : {}),
  };
}

/** What stood in the field of the error before the sweep wrote its own; `undefined` for nothing. */
function errorBefore({ added }: HeldRecord, path: string): unknown {
  const fields: unknown = isMap(added.evidence) ? added.evidence.fields : undefined;
  const changes: readonly ChangedField[] = Array.isArray(fields) ? fields : [];
  return changes.find((change) => change.path === path)?.before;
}

/** A document with values at dotted paths. */
function nested(values: readonly (readonly [path: string, value: unknown])[]): Record<string, unknown> {
  const root: Record<string, unknown> = {};
  for (const [path, value] of values) {
    if (value === undefined) continue;
    const keys = path.split('.');
    const last = keys.pop() ?? path;
    let place = root;
    for (const key of keys) {
      const inner = isMap(place[key]) ? place[key] : {};
      place[key] = inner;
      place = inner;
    }
    place[last] = value;
  }
  return root;
}

import type { DocumentReference, WriteBatch } from '@google-cloud/firestore';
import { chunksOf } from '../../concurrency.ts';
import { RecordChanged } from '../../errors.ts';
import type { Log } from '../../log.ts';
import { executionsOf, type Source } from '../../model/job/source.ts';
import { ACTIVE_STATES } from '../../model/job/states.ts';
import { isPath } from '../../model/reading/document-path.ts';
import type { NewRecord, RecordChange } from '../../model/report/change.ts';
import { isConflict, VALUES_PER_QUERY, withTimeout } from '../firestore/firestore.ts';
import type { Home } from './active-jobs.ts';
import { type HeldRecord, heldAfter, heldPaths, heldRecord, putChange, whyNoChange } from './held-record.ts';
import { idsAsStored, recordsOf } from './jobs.ts';
import { valuesOf } from './stale-queries.ts';

export type { HeldRecord } from './held-record.ts';

/** At most so many active executions of one job are read. */
const MOST_ACTIVE = 100;

/** How long a call may take, and what stops it. */
export interface CallLimits {
  limitMs: number;
  signal?: AbortSignal | undefined;
}

/** A change of a record, on its way to Firestore. */
export interface RecordWrite {
  record: HeldRecord;
  change: RecordChange;
  /** What a record that is made for it has besides. */
  fresh: NewRecord | null;
}

/** Why a job's record cannot be told by its id. */
export type NoRecord = 'several' | 'impossible';

/** One source of jobs as its reporters see it. */
export interface ReportedJobStore {
  readonly name: string;
  readonly source: Source;
  /** Whether its records are in Nightshift's own database: then one commit can hold both. */
  readonly ours: boolean;

  /** The records of jobs by their ids, as they are now; one that does not exist is held without an update time. */
  jobs(ids: readonly string[], limits: CallLimits): Promise<Map<string, HeldRecord | NoRecord>>;

  /** The records of executions by their paths, as they are now. */
  executions(paths: readonly string[], limits: CallLimits): Promise<Map<string, HeldRecord>>;

  /** The executions of a job that have not ended by their own records; none where the source maps none. */
  activeExecutions(job: HeldRecord, limits: CallLimits): Promise<HeldRecord[]>;

  /** Where the record of an execution is; `null` where the source maps none. */
  executionPath(job: HeldRecord, execution: string): string | null;

  /** Why a change cannot be written without the loss of something of theirs, in words; `null` where it can. */
  whyNotWritten(write: RecordWrite): string | null;

  /**
   * Writes all changes or none, with what `also` adds where the database is ours, and returns the records as they are then.
   * Rejects with RecordChanged where one is not as it was held.
   */
  commit(
    writes: readonly RecordWrite[],
    also: (batch: WriteBatch) => void,
    limits: CallLimits,
  ): Promise<HeldRecord[]>;
}

export function reportedJobStore(
  name: string,
  source: Source,
  { db, ours }: Home,
  log: Log,
): ReportedJobStore {
  const below = executionsOf(source);
  const { id: idField } = source.fields;

  async function getAll(
    mapping: Source,
    refs: readonly DocumentReference[],
    { limitMs, signal }: CallLimits,
  ) {
    if (refs.length === 0) return [];
    const call = db.getAll(...refs, { fieldMask: heldPaths(mapping) });
    const documents = await withTimeout(log, `reported records of source ${name}`, limitMs, call, signal);
    return documents.map((document) => heldRecord(name, mapping, document));
  }

  /** Of ids that are a field of the record: `several` where more than one record has it. */
  async function byField(field: string, ids: readonly string[], { limitMs, signal }: CallLimits) {
    const found = new Map<string, HeldRecord | NoRecord>();
    await Promise.all(
      chunksOf(idsAsStored(ids), VALUES_PER_QUERY).map(async (some) => {
        const query = recordsOf(source, db)
          .where(field, 'in', some)
          .select(...heldPaths(source));
        const { docs } = await withTimeout(
          log,
          `reported jobs of source ${name}`,
          limitMs,
          query.get(),
          signal,
        );
        for (const record of docs.map((document) => heldRecord(name, source, document)))
          found.set(record.job.id, found.has(record.job.id) ? 'several' : record);
      }),
    );
    return found;
  }

  return {
    name,
    source,
    ours,

    async jobs(ids, limits) {
      const possible = ids.filter((id) => isPath(id) && !id.includes('/'));
      const found = idField === undefined ? new Map() : await byField(idField, possible, limits);
      const rest = source.group ? [] : possible.filter((id) => !found.has(id));
      const refs = rest.map((id) => db.collection(source.collection).doc(id));
      const records = await getAll(source, refs, limits);
      for (const record of records) found.set(record.ref.id, record);
      for (const id of ids) if (!found.has(id)) found.set(id, 'impossible');
      return found;
    },

    async executions(paths, limits) {
      if (!below) return new Map();
      const records = await getAll(
        below,
        paths.map((path) => db.doc(path)),
        limits,
      );
      return new Map(records.map((record) => [record.ref.path, record]));
    },

    async activeExecutions({ ref }, { limitMs, signal }) {
      if (!below) return [];
      const words = ACTIVE_STATES.flatMap((state) => valuesOf(below, state));
      const all = ref.collection(below.collection).select(...heldPaths(below));
      const queries = chunksOf(words, VALUES_PER_QUERY).map(async (some) => {
        const query = all.where(below.fields.status, 'in', some).limit(MOST_ACTIVE);
        const { docs } = await withTimeout(
          log,
          `active executions of source ${name}`,
          limitMs,
          query.get(),
          signal,
        );
        return docs.map((document) => heldRecord(name, below, document));
      });
      return (await Promise.all(queries)).flat();
    },

    executionPath({ ref }, execution) {
      // Whatever a reporter calls it, it is one document.
      const id = encodeURIComponent(execution).replace(/^\.{1,2}$|^__(?=.*__$)/, (it) =>
        it.replace(/./g, '%2E'),
      );
      return below ? `${ref.path}/${below.collection}/${id}` : null;
    },

    whyNotWritten: ({ record, change, fresh }) => whyNoChange(record, change, fresh),

    async commit(writes, also, { limitMs, signal }) {
      const batch = db.batch();
      const put = writes.map(({ record, change, fresh }) => putChange(batch, record, change, fresh));
      if (ours) also(batch);
      try {
        const call = batch.commit();
        const results = await withTimeout(log, `reports of source ${name}`, limitMs, call, signal);
        return put.map((one, index) => {
          const at = results[index]?.writeTime;
          if (!at) throw new Error(`Cannot tell when ${one.record.ref.path} was written`);
          return heldAfter(name, one, at);
        });
      } catch (error) {
        if (!isConflict(error)) throw error;
        throw new RecordChanged('Cannot write reports: a record changed since it was read', { cause: error });
      }
    },
  };
}

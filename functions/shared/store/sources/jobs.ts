import type { DocumentSnapshot, Firestore, Query } from '@google-cloud/firestore';
import { chunksOf } from '../../concurrency.ts';
import { MINUTE_MS } from '../../dates.ts';
import type { Log } from '../../log.ts';
import { type Job, type JobRecord, jobName, pathInSource, readJob } from '../../model/job/job.ts';
import type { Source } from '../../model/job/source.ts';
import {
  countDocuments,
  plainOf,
  streamQuery,
  VALUES_PER_QUERY,
  withTimeout,
} from '../firestore/firestore.ts';
import type { ReadOptions } from '../firestore/read-options.ts';
import { type JobRange, within } from '../firestore/time-range.ts';
import { creationProof, timelessQueries } from './overlooked-records.ts';
import { valuesOf } from './stale-queries.ts';

/** How long one query of a source may take, unless the options set another limit. */
const QUERY_LIMIT_MS = MINUTE_MS;
const DOCUMENTS_PER_READ = 300;
/** The most records of each kind that are read at once: those that belong to no day, and those overlooked in a range. */
const MOST_TIMELESS = 200;
const MOST_OVERLOOKED = 5_000;
/** A count stops here. */
const MOST_COUNTED = 100_000;
/** A count is billed as one document per so many index entries: https://cloud.google.com/firestore/pricing. */
const ENTRIES_PER_READ = 1_000;

/** One source of jobs: the user's collection, read through its mapping. Only the mapped fields are ever fetched. */
export interface JobStore {
  readonly name: string;
  readonly source: Source;

  /**
   * Calls `onJob` with every job that started, ended or was in flight within `range` and is not active now, and with
   * every record that was created in it, is not active and has no readable end: counts prove that none is overlooked.
   * Reads grow with the range, not with the history. A record may come more than once, and some lie just outside.
   *
   * Returns how many more records of the range were overlooked than are read at once. Jobs in flight need the composite
   * index of startedAt and endedAt, in the order of their field paths; created records need (endedAt, createdAt) and
   * (status, createdAt).
   */
  touching(range: JobRange & { now: Date }, options: ReadOptions, onJob: (job: Job) => void): Promise<number>;

  /** Calls `onJob` with every job whose status means that it has started and not ended: it runs or is suspended. */
  underWay(options: ReadOptions, onJob: (job: Job) => void): Promise<void>;

  /**
   * Calls `onJob` with ended jobs whose end is missing or unreadable, whatever day they belong to, and with records whose
   * status no mapping names. Returns how many more there are than are read at once. Ended jobs need the composite index
   * (status, endedAt).
   */
  timeless(now: Date, options: ReadOptions, onJob: (job: Job) => void): Promise<number>;

  /** Calls `onJob` with every job whose record was changed at or after `since`; with none where `updatedAt` is not mapped. */
  changedSince(since: Date, options: ReadOptions, onJob: (job: Job) => void): Promise<void>;

  /** Returns those of `names`, all of this source, whose record no longer exists. */
  vanished(names: readonly string[], options: ReadOptions): Promise<string[]>;
}

export function jobStore(name: string, source: Source, db: Firestore, log: Log): JobStore {
  const { fields } = source;
  const records = recordsOf(source, db);
  const mapped = records.select(...pathsOf(source), ...addedPathsOf(source));

  const toJob = (document: DocumentSnapshot): Job => readJob(source, toRecord(name, document));

  /** Streams a query; returns how many records it found. */
  async function stream(
    operation: string,
    query: Query,
    { tally, signal, limitMs = QUERY_LIMIT_MS }: ReadOptions,
    onJob: (job: Job, document: DocumentSnapshot) => void,
  ): Promise<number> {
    let found = 0;
    const read = await streamQuery(
      log,
      `${operation} of source ${name}`,
      limitMs,
      query,
      (document) => {
        found += 1;
        onJob(toJob(document), document);
      },
      signal,
    );
    // Not `+= await`, which adds to what the tally was before the others beside it were read.
    tally.documents += read;
    return found;
  }

  async function count(
    operation: string,
    query: Query,
    { tally, signal, limitMs = QUERY_LIMIT_MS }: ReadOptions,
  ): Promise<number> {
    const counting = countDocuments(query.limit(MOST_COUNTED));
    const found = await withTimeout(log, `${operation} of source ${name}`, limitMs, counting, signal);
    tally.documents += Math.max(1, Math.ceil(found / ENTRIES_PER_READ));
    return found;
  }

  /** Streams at most so many; returns how many more there are. */
  async function streamSome(
    operation: string,
    query: Query,
    most: number,
    options: ReadOptions,
    onJob: (job: Job) => void,
  ): Promise<number> {
    const found = await stream(operation, query.limit(most), options, onJob);
    return found < most ? 0 : (await count(operation, query, options)) - most;
  }

  return {
    name,
    source,

    async touching({ now, ...range }, options, onJob) {
      const { startedAt, endedAt, createdAt } = fields;
      const proof = createdAt && creationProof(mapped, { source, createdAt, range, now });
      const queries: [string, Query][] = [
        ['jobs that ended', within(mapped, endedAt, range)],
        ['jobs that started', within(mapped, startedAt, range)],
        ['jobs in flight', within(within(mapped, endedAt, { from: range.to }), startedAt, { to: range.to })],
      ];
      if (createdAt)
        queries.push([
          'jobs without an end',
          within(mapped.where(endedAt.path, '==', null), createdAt, range),
        ]);
      const onDocument = (job: Job, document: DocumentSnapshot) => {
        proof?.note(document, job);
        onJob(job);
      };
      const counted = (query: Query) => count('created jobs', query, options);
      const [expected = 0] = await Promise.all([
        proof?.expected(counted),
        ...queries.map(([operation, query]) => stream(operation, query, options, onDocument)),
      ]);
      return proof && (await proof.isLacking(expected, counted))
        ? streamSome('jobs created', proof.created, MOST_OVERLOOKED, options, onJob)
        : 0;
    },

    async underWay(options, onJob) {
      const words = (['running', 'suspended'] as const).flatMap((state) => valuesOf(source, state));
      await Promise.all(
        chunksOf(words, VALUES_PER_QUERY).map((some) =>
          stream('jobs under way', mapped.where(fields.status, 'in', some), options, onJob),
        ),
      );
    },

    async timeless(now, options, onJob) {
      const rests = await Promise.all(
        timelessQueries(mapped, source, now).map(([operation, query]) =>
          streamSome(operation, query, MOST_TIMELESS, options, onJob),
        ),
      );
      return rests.reduce((sum, rest) => sum + rest, 0);
    },

    async changedSince(since, options, onJob) {
      if (fields.updatedAt)
        await stream('changed jobs', within(mapped, fields.updatedAt, { from: since }), options, onJob);
    },

    async vanished(names, { tally, signal, limitMs = QUERY_LIMIT_MS }) {
      const gone: string[] = [];
      for (const some of chunksOf(names, DOCUMENTS_PER_READ)) {
        const refs = some.flatMap((job) => pathInSource(job, name) ?? []).map((path) => db.doc(path));
        const found = await withTimeout(
          log,
          `records of source ${name}`,
          limitMs,
          db.getAll(...refs, { fieldMask: [] }),
          signal,
        );
        tally.documents += found.length;
        gone.push(...found.filter(({ exists }) => !exists).map(({ ref }) => jobName(name, ref.path)));
      }
      return gone;
    },
  };
}

/** Every record of a source: its collection, or collection group. */
export function recordsOf(source: Source, db: Firestore): Query {
  return source.group ? db.collectionGroup(source.collection) : db.collection(source.collection);
}

/** The values by which ids are asked for: one of digits alone may be stored as an integer, which Firestore keeps in 64 bits. */
export function idsAsStored(ids: readonly string[]): (string | bigint)[] {
  return ids.flatMap((id) => (isWhole(id) ? [id, BigInt(id)] : [id]));
}

function isWhole(id: string): boolean {
  return /^(0|-?[1-9]\d{0,18})$/.test(id) && BigInt.asIntN(64, BigInt(id)) === BigInt(id);
}

/** A document of the source of that name, as the model reads it. */
export function toRecord(source: string, document: DocumentSnapshot): JobRecord {
  return {
    id: document.id,
    source,
    path: document.ref.path,
    get: (path) => plainOf(document.get(path)),
    writtenAt: document.updateTime && (plainOf(document.updateTime) as Date),
  };
}

/** The fields of a record that are mapped, each once. */
export function pathsOf({ fields }: Pick<Source, 'fields'>): string[] {
  const paths = Object.values(fields).flatMap((field) =>
    typeof field === 'object' ? field.path : (field ?? []),
  );
  return [...new Set(paths)];
}

/** Our own fields in a record that matter for its end: an inferred end, what stood before, and the marks of a deletion. */
function addedPathsOf({ addedField }: Source): string[] {
  return ['endInferred', 'earlier', 'tombstone', 'deletedAt', 'nothingThere'].map(
    (name) => `${addedField}.${name}`,
  );
}

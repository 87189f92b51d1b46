import type { DocumentSnapshot, Firestore, Query } from '@google-cloud/firestore';
import { chunksOf } from '../concurrency.ts';
import { MINUTE_MS } from '../dates.ts';
import type { Log } from '../log.ts';
import { type Job, type JobRecord, readJob } from '../model/job.ts';
import { type Source, wordsFor } from '../model/source.ts';
import { bounded, plainOf, streamQuery, VALUES_PER_QUERY } from './firestore.ts';
import { type JobRange, within } from './time-range.ts';

/** How long one query of a source may take unless told. */
const QUERY_LIMIT_MS = MINUTE_MS;
const DOCUMENTS_PER_READ = 300;

/** Counts the documents that Firestore bills as read. */
export interface Tally {
  documents: number;
}

/** What every reading of a source is given. */
export interface ReadOptions {
  tally: Tally;
  signal?: AbortSignal | undefined;
  /** How long each query may take. */
  limitMs?: number | undefined;
}

/** One source of jobs: the user's collection, read through its mapping. Only the mapped fields are ever fetched. */
export function jobStore(name: string, source: Source, db: Firestore, log: Log) {
  const { fields } = source;
  const mapped = recordsOf(source, db).select(...pathsOf(source));

  const toJob = (document: DocumentSnapshot): Job => readJob(source, toRecord(name, document));

  async function stream(
    operation: string,
    query: Query,
    { tally, signal, limitMs = QUERY_LIMIT_MS }: ReadOptions,
    onJob: (job: Job) => void,
  ): Promise<void> {
    const read = await streamQuery(
      log,
      `${operation} of source ${name}`,
      limitMs,
      query,
      (document) => onJob(toJob(document)),
      signal,
    );
    // Not `+= await`, which adds to what the tally was before the others beside it were read.
    tally.documents += read;
  }

  return {
    name,
    source,

    /**
     * Every job that started, ended or was in flight within `range` and is not running now, and records created in it
     * without an end. Reads grow with the range, not with the history; a record may be handed over more than once, and
     * some lie just outside. Those in flight need the composite index of startedAt and endedAt, in the order of their
     * field paths; those without an end need (endedAt, createdAt).
     */
    async touching(range: JobRange, options: ReadOptions, onJob: (job: Job) => void): Promise<void> {
      const { startedAt, endedAt, createdAt } = fields;
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
      await Promise.all(queries.map(([operation, query]) => stream(operation, query, options, onJob)));
    },

    /** Every job whose status says that it runs. */
    async running(options: ReadOptions, onJob: (job: Job) => void): Promise<void> {
      const words = wordsFor(source, 'running');
      for (const some of chunksOf(words, VALUES_PER_QUERY))
        await stream('running jobs', mapped.where(fields.status, 'in', some), options, onJob);
    },

    /** Every job whose record was changed at or after `since`; none where the source maps no `updatedAt`. */
    async changedSince(since: Date, options: ReadOptions, onJob: (job: Job) => void): Promise<void> {
      if (fields.updatedAt)
        await stream('changed jobs', within(mapped, fields.updatedAt, { from: since }), options, onJob);
    },

    /** Those of `names` (of this source) whose record exists no more. */
    async vanished(
      names: readonly string[],
      { tally, signal, limitMs = QUERY_LIMIT_MS }: ReadOptions,
    ): Promise<string[]> {
      const gone: string[] = [];
      for (const some of chunksOf(names, DOCUMENTS_PER_READ)) {
        const refs = some.map((it) => db.doc(it.slice(name.length + 1)));
        const found = await bounded(
          log,
          `records of source ${name}`,
          limitMs,
          db.getAll(...refs, { fieldMask: [] }),
          signal,
        );
        tally.documents += found.length;
        gone.push(...found.filter((document) => !document.exists).map((document) => nameOf(name, document)));
      }
      return gone;
    },
  };
}

export type JobStore = ReturnType<typeof jobStore>;

/** Every record of a source: its collection, or collection group. */
export function recordsOf(source: Source, db: Firestore): Query {
  return source.group ? db.collectionGroup(source.collection) : db.collection(source.collection);
}

/** A document of the source of that name, as the model reads it. */
export function toRecord(source: string, document: DocumentSnapshot): JobRecord {
  return { id: document.id, name: nameOf(source, document), get: (path) => plainOf(document.get(path)) };
}

function nameOf(source: string, document: DocumentSnapshot): string {
  return `${source}:${document.ref.path}`;
}

/** The fields of a record that are mapped, each once. */
export function pathsOf({ fields }: Pick<Source, 'fields'>): string[] {
  const paths = Object.values(fields).flatMap((field) =>
    typeof field === 'object' ? field.path : (field ?? []),
  );
  return [...new Set(paths)];
}

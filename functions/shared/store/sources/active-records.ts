import {
  type DocumentReference,
  type DocumentSnapshot,
  FieldPath,
  type Firestore,
  type Query,
  type QueryDocumentSnapshot,
  type Timestamp,
} from '@google-cloud/firestore';
import { chunksOf } from '../../concurrency.ts';
import { MINUTE_MS } from '../../dates.ts';
import { DeadlineExceeded } from '../../errors.ts';
import type { Log } from '../../log.ts';
import { type Job, readJob } from '../../model/job/job.ts';
import type { Source } from '../../model/job/source.ts';
import { plainOf, streamPages, withTimeout } from '../firestore/firestore.ts';
import type { ReadOptions } from '../firestore/read-options.ts';
import { within } from '../firestore/time-range.ts';
import { type Ground, groundOf, outermostOf } from './ground.ts';
import { pathsOf, recordsOf, toRecord } from './jobs.ts';
import type { StaleQuery } from './stale-queries.ts';
import { endingPaths, mappedEndingPaths, type StoredFields, storedForEnding } from './stored-fields.ts';

/** Records that are in memory at once. */
const PAGE = 500;
const PAGE_LIMIT_MS = MINUTE_MS;
const DOCUMENTS_PER_READ = 300;
/** Whole maps of theirs are read for the ground, however large. */
const GROUNDS_PER_READ = 50;

/** A record as it was read, with what the next write to it needs. */
export interface SeenJob {
  job: Job;
  path: string;
  updateTime: Timestamp;
  /** `updateTime`: when it was last written, by Firestore's clock. */
  writtenAt: Date;
  /** The same for a record that was written again after it was created; `null` for others. */
  rewrittenAt: Date | null;
  /** Whether its status is stored as a number. */
  numbered: boolean;
  /** The fields that its end would change, as they are stored. */
  stored: StoredFields;
  /** The value that its query is ordered by, as it is stored; `null` where that is the name alone. */
  value: unknown;
}

/** A record behind which a query goes on. */
export type Cursor = Pick<SeenJob, 'path' | 'value'>;

/** Which records of a query to read: at most `most`, from behind `after` on. */
export interface PageOptions {
  after: Cursor | null;
  most: number;
}

/** Some records of a query. */
export interface Page {
  seen: SeenJob[];
  /** Records that cannot be read, and why. */
  unreadable: { path: string; error: unknown }[];
  /** How many records Firestore returned. */
  read: number;
  /** The last of them. */
  last: Cursor;
}

/** Reads the records of a source, or the executions below them, that have not ended. */
export function activeRecords(
  name: string,
  source: Source,
  db: Firestore,
  log: Log,
  holds: (ref: DocumentReference) => boolean = () => true,
) {
  const { id, type, project, status, error, backendId } = source.fields;
  const { createdAt, startedAt, heartbeatAt, endedAt, updatedAt } = source.fields;
  // Tens of thousands may be in memory at once, so only fields that show life are read, and the project.
  const mapped = pathsOf({
    fields: {
      id,
      type,
      project,
      status,
      error,
      backendId,
      createdAt,
      startedAt,
      heartbeatAt,
      endedAt,
      updatedAt,
    },
  });
  const paths = [...mapped, source.addedField];
  const touched = endingPaths(source);

  function seen(document: DocumentSnapshot, orderedBy?: string): SeenJob {
    return {
      job: readJob(source, toRecord(name, document)),
      path: document.ref.path,
      updateTime: document.updateTime as Timestamp,
      writtenAt: writtenAt(document),
      rewrittenAt: rewrittenAt(document),
      numbered: typeof plainOf(document.get(source.fields.status)) === 'number',
      stored: storedForEnding(document, source, touched),
      value: orderedBy === undefined ? null : document.get(orderedBy),
    };
  }

  return {
    source,
    seen,

    /** The records at those paths as they are now; those that do not exist are left out. */
    async those(records: readonly string[], { tally, signal }: ReadOptions): Promise<SeenJob[]> {
      const found: SeenJob[] = [];
      for (const some of chunksOf(records, DOCUMENTS_PER_READ)) {
        const call = db.getAll(...some.map((path) => db.doc(path)), { fieldMask: paths });
        const documents = await withTimeout(log, `records of source ${name}`, PAGE_LIMIT_MS, call, signal);
        tally.documents += documents.length;
        found.push(...documents.filter(({ exists }) => exists).map((document) => seen(document)));
      }
      return found;
    },

    /**
     * What stands where the end of a record needs maps, by the paths of the records. None is read where no path is dotted.
     * It holds for a write under the condition that the record is as it was seen.
     */
    async grounds(
      records: readonly string[],
      { tally, signal }: ReadOptions,
    ): Promise<ReadonlyMap<string, Ground>> {
      const grounds = new Map<string, Ground>();
      // What our own field holds was read with the record.
      const fieldMask = outermostOf([...mappedEndingPaths(source), source.addedField]);
      if (fieldMask.length === 0) return grounds;
      for (const some of chunksOf(records, GROUNDS_PER_READ)) {
        const call = db.getAll(...some.map((path) => db.doc(path)), { fieldMask });
        const documents = await withTimeout(log, `maps of records of ${name}`, PAGE_LIMIT_MS, call, signal);
        tally.documents += documents.length;
        for (const document of documents) grounds.set(document.ref.path, groundOf(document, touched));
      }
      return grounds;
    },

    /**
     * Yields the records of a query page by page as they arrive; reading waits while a page is handled. A query that takes
     * too long is begun again where it stopped. Rejects with DeadlineExceeded when that brings nothing more.
     */
    async *pages(
      { name: queryName, statuses, by }: StaleQuery,
      { after, most }: PageOptions,
      { tally, signal, limitMs = PAGE_LIMIT_MS }: ReadOptions,
    ): AsyncGenerator<Page, void> {
      const orderedBy = 'time' in by ? by.time.path : 'filled' in by ? by.filled : undefined;
      let query = recordsOf(source, db).where(source.fields.status, 'in', statuses);
      if ('time' in by) query = within(query, by.time, by.range);
      if ('filled' in by) query = query.where(by.filled, '!=', null);
      if (orderedBy !== undefined) query = query.orderBy(orderedBy);
      query = query.orderBy(FieldPath.documentId()).select(...paths);
      const behind = ({ path, value }: Cursor): Query =>
        query.startAfter(...(orderedBy === undefined ? [] : [value]), db.doc(path));

      const pageOf = (documents: readonly QueryDocumentSnapshot[], final: QueryDocumentSnapshot): Page => {
        const page: Page = {
          seen: [],
          unreadable: [],
          read: documents.length,
          last: { path: final.ref.path, value: orderedBy === undefined ? null : final.get(orderedBy) },
        };
        for (const document of documents.filter(({ ref }) => holds(ref)))
          try {
            page.seen.push(seen(document, orderedBy));
          } catch (error) {
            page.unreadable.push({ path: document.ref.path, error });
          }
        return page;
      };

      const operation = `${queryName} of source ${name}`;
      let last = after;
      for (let left = most; left > 0; ) {
        const before = left;
        const rest = (last ? behind(last) : query).limit(left);
        try {
          for await (const documents of streamPages(log, operation, limitMs, rest, PAGE, signal)) {
            const final = documents.at(-1);
            if (!final) continue;
            tally.documents += documents.length;
            left -= documents.length;
            const page = pageOf(documents, final);
            last = page.last;
            yield page;
          }
          if (left === before) tally.documents += 1;
          return;
        } catch (error) {
          if (!(error instanceof DeadlineExceeded) || left === before) throw error;
        }
      }
    },
  };
}

/** When a record was last written, by Firestore's clock. */
export function writtenAt(document: DocumentSnapshot): Date {
  return plainOf(document.updateTime) as Date;
}

function rewrittenAt(document: DocumentSnapshot): Date | null {
  const { createTime, updateTime } = document;
  return createTime && updateTime?.isEqual(createTime) ? null : writtenAt(document);
}

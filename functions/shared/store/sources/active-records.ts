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
import { pathsOf, recordsOf, toRecord } from './jobs.ts';
import type { StaleQuery } from './stale-queries.ts';
import { endingPaths, type StoredFields, storedFields } from './stored-fields.ts';

/** Records that are in memory at once. */
const PAGE = 500;
const PAGE_LIMIT_MS = MINUTE_MS;
const DOCUMENTS_PER_READ = 300;

/** A record as it was seen, with what its next write demands. */
export interface SeenJob {
  job: Job;
  path: string;
  updateTime: Timestamp;
  /** The same, by Firestore's clock. */
  writtenAt: Date;
  /** The same, where it was written again after it was created; `null` where it never was. */
  rewrittenAt: Date | null;
  /** Whether its status is stored as a number. */
  numbered: boolean;
  /** Of the fields that its end touches. */
  stored: StoredFields;
  /** What its lookout is ordered by, as it is stored; `null` where that is the name alone. */
  value: unknown;
}

/** A record behind which a lookout goes on. */
export type Cursor = Pick<SeenJob, 'path' | 'value'>;

/** What to read of a lookout: at most so many records, from behind `after` on. */
export interface PageOptions {
  after: Cursor | null;
  most: number;
}

/** Some records of a lookout. */
export interface Page {
  seen: SeenJob[];
  /** Records that cannot be read, and why. */
  unreadable: { path: string; error: unknown }[];
  /** How many records were looked at. */
  read: number;
  /** The last of them. */
  last: Cursor;
}

/** The records of a source, or the executions below them, that have not ended. */
export function activeRecords(
  name: string,
  source: Source,
  db: Firestore,
  log: Log,
  holds: (ref: DocumentReference) => boolean = () => true,
) {
  const { id, type, project, status, error, backendId } = source.fields;
  const { createdAt, startedAt, heartbeatAt, endedAt, updatedAt } = source.fields;
  // Tens of thousands may be in memory at once: of what tells nothing about its life, only the project is read.
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
      stored: storedFields(document, touched),
      value: orderedBy === undefined ? null : document.get(orderedBy),
    };
  }

  return {
    source,
    seen,

    /** Those at some paths, as they are; what is gone is missing. */
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
     * The records of a lookout, page by page as they arrive: who takes a page holds back the others. A query that took
     * too long goes on where it stopped. Rejects with DeadlineExceeded where it does not get on at all.
     */
    async *pages(
      { name: lookout, statuses, by }: StaleQuery,
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

      const operation = `${lookout} of source ${name}`;
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

import {
  type DocumentReference,
  type DocumentSnapshot,
  FieldPath,
  type Firestore,
  type Timestamp,
} from '@google-cloud/firestore';
import { MINUTE_MS } from '../dates.ts';
import { DeadlineExceeded } from '../errors.ts';
import type { Log } from '../log.ts';
import { type Job, readJob } from '../model/job.ts';
import type { Source } from '../model/source.ts';
import { streamQuery } from './firestore.ts';
import { pathsOf, type ReadOptions, recordsOf, toRecord, within } from './jobs.ts';
import type { Lookout } from './lookouts.ts';

const PAGE_LIMIT_MS = MINUTE_MS;

/** A record as it was seen, with what its next write demands. */
export interface SeenJob {
  job: Job;
  path: string;
  updateTime: Timestamp;
  /** Whether its status is stored as a number. */
  numbered: boolean;
  /** What its lookout is ordered by, as it is stored; `null` where that is the name alone. */
  value: unknown;
}

/** A record behind which a lookout goes on. */
export type Cursor = Pick<SeenJob, 'path' | 'value'>;

/** What to read of a lookout. */
export interface PageOptions {
  after: Cursor | null;
  most: number;
  wanted: (job: Job, writtenAt: Date) => boolean;
}

/** What a lookout found. */
export interface Page {
  /** Those that were wanted. */
  seen: SeenJob[];
  /** Records that cannot be read, and why. */
  unreadable: { path: string; error: unknown }[];
  /** How many records were looked at. */
  read: number;
  /** `null` at the end. */
  next: Cursor | null;
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
  const paths = pathsOf({
    fields: {
      ...{ id, type, project, status, error, backendId },
      ...{ createdAt, startedAt, heartbeatAt, endedAt, updatedAt },
    },
  });

  function seen(document: DocumentSnapshot, orderedBy?: string): SeenJob {
    return {
      job: readJob(source, toRecord(name, document)),
      path: document.ref.path,
      updateTime: document.updateTime as Timestamp,
      numbered: typeof document.get(source.fields.status) === 'number',
      value: orderedBy === undefined ? null : document.get(orderedBy),
    };
  }

  return {
    source,
    seen,

    /**
     * At most `most` records of a lookout, from behind `after` on, and of those the ones that are `wanted`. What could be
     * read within the time of a query is a page, too.
     */
    async page(
      { name: lookout, statuses, by }: Lookout,
      { after, most, wanted }: PageOptions,
      { tally, signal }: ReadOptions,
    ): Promise<Page> {
      const orderedBy = 'time' in by ? by.time.path : 'text' in by ? by.text : undefined;
      let query = recordsOf(source, db).where(source.fields.status, 'in', statuses);
      if ('time' in by) query = within(query, by.time, by.range);
      if ('text' in by) query = query.where(by.text, '>', '');
      if (orderedBy !== undefined) query = query.orderBy(orderedBy);
      query = query
        .orderBy(FieldPath.documentId())
        .select(...paths)
        .limit(most);
      if (after)
        query = query.startAfter(...(orderedBy === undefined ? [] : [after.value]), db.doc(after.path));

      const page: Page = { seen: [], unreadable: [], read: 0, next: null };
      const look = (document: DocumentSnapshot) => {
        const { path } = document.ref;
        page.read += 1;
        page.next = { path, value: orderedBy === undefined ? null : document.get(orderedBy) };
        if (!holds(document.ref)) return;
        try {
          const found = seen(document, orderedBy);
          if (wanted(found.job, found.updateTime.toDate())) page.seen.push(found);
        } catch (error) {
          page.unreadable.push({ path, error });
        }
      };
      try {
        await streamQuery(log, `${lookout} of source ${name}`, PAGE_LIMIT_MS, query, look, signal);
        if (page.read < most) page.next = null;
      } catch (error) {
        if (!(error instanceof DeadlineExceeded) || page.read === 0) throw error;
      }
      tally.documents += Math.max(1, page.read);
      return page;
    },
  };
}

export type ActiveRecords = ReturnType<typeof activeRecords>;

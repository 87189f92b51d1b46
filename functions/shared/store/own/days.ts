import type { DocumentReference, Timestamp, WriteBatch } from '@google-cloud/firestore';
import { z } from 'zod';
import { chunksOf, pooledMap } from '../../concurrency.ts';
import { type Day, MINUTE_MS } from '../../dates.ts';
import type { Log } from '../../log.ts';
import {
  type DailyMetrics,
  daySchema,
  type ProjectRow,
  projectRowSchema,
  type Revision,
  revisionSchema,
} from '../../model/day/day.ts';
import { decode, VALUES_PER_QUERY, withTimeout } from '../firestore/firestore.ts';
import type { Tally } from '../firestore/read-options.ts';
import type { Collections } from './collections.ts';
import { closeByHand, commitIfUnchanged, put, type Seen, type Stored, seenOf } from './records.ts';

const LIMIT_MS = MINUTE_MS;
/** Below each day: the names of the jobs it counted. A name of its own, for it is queried across all days. */
const MEMBERS = 'dayMembers';
const QUERIES_AT_ONCE = 8;
/** A name holds an id of up to 1,500 bytes, and a document 1 MiB. */
const MEMBERS_PER_DOCUMENT = 500;

const dirtyDaySchema = z.object({ date: z.string(), cause: z.string(), markedAt: z.date() });
export type DirtyDay = z.infer<typeof dirtyDaySchema>;
const watermarkSchema = z.object({
  changesKnownUntil: z.date(),
  /** When its records were first looked at; `null` in records from before it was noted. */
  changesKnownSince: z.date().nullable().default(null),
});
/** `sourceWatermarks/{source}`: how far changes of a source's records are known. */
export type Watermark = z.infer<typeof watermarkSchema>;
const membersSchema = z.object({ names: z.array(z.string()) });

/** New documents below a day: rows and names are replaced whole. */
export interface NewBelow {
  rows: ProjectRow[] | null;
  /** Names of the jobs that the day counts. */
  members: string[] | null;
  /** The figures that stand no more. */
  revision: Revision | null;
}

/**
 * The days' figures, what lies below them, the days that are in doubt, and how far changes are known. Written only inside a
 * run's commits, but for `accept`.
 */
export interface DayStore {
  /** Each of `dates` as it is stored, with the update time that its next write demands. */
  load(dates: readonly Day[], tally: Tally): Promise<Map<Day, Seen<DailyMetrics>>>;

  /** The stored days from `from` to `to`, oldest first. */
  range(from: Day, to: Day): Promise<DailyMetrics[]>;

  /** The rows of the projects that used the most GPU-hours on `date`, at most `most` of them. */
  projectRows(date: Day, most: number): Promise<ProjectRow[]>;

  /** The figures that stood for `date` before, oldest first. */
  revisions(date: Day): Promise<Revision[]>;

  /** Names of the jobs that started or ended on a stored day. */
  members(day: DailyMetrics, tally: Tally): Promise<string[]>;

  /** Calls `onCounted` with each of `names` and each day that counts it as started or ended. */
  countedOn(
    names: readonly string[],
    tally: Tally,
    onCounted: (name: string, date: Day) => void,
  ): Promise<void>;

  /** The days, of any age, whose figures are not settled. */
  unsettled(tally: Tally): Promise<Day[]>;

  /** Adds to `batch` the day, and what is new below it. */
  put(batch: WriteBatch, seen: Seen<DailyMetrics>, day: DailyMetrics, below?: NewBelow): void;

  /**
   * Settles a conflict as a person decided it: the figures that stand are right although records vanished. Its alarm closes
   * in the same commit.
   */
  accept(date: Day, decided: { at: Date }): Promise<'accepted' | 'no-conflict' | 'missing'>;

  /** How far changes of each source's records are known. */
  watermarks(sources: readonly string[], tally: Tally): Promise<Map<string, Watermark>>;

  /** Adds to `batch` how far changes of a source are known now. */
  putWatermark(batch: WriteBatch, source: string, watermark: Watermark): void;

  /** Days in doubt, with the cause. */
  dirty(tally: Tally): Promise<Map<Day, Stored<DirtyDay>>>;

  /** Adds to `batch` the mark that `date` is in doubt. */
  markDirty(batch: WriteBatch, mark: DirtyDay): void;

  /** Adds to `batch` the end of the doubt, unless the day was marked again since it was read. */
  clearDirty(batch: WriteBatch, mark: Seen<DirtyDay>): void;
}

export function dayStore(collections: Collections, log: Log): DayStore {
  const { dailyMetrics, dirtyDays, sourceWatermarks, tasks } = collections;
  const membersRef = (date: Day, index: number) =>
    dailyMetrics.doc(date).collection(MEMBERS).doc(String(index));
  /** The documents that hold so many names. */
  const membersRefs = (date: Day, members: number) =>
    Array.from({ length: Math.ceil(members / MEMBERS_PER_DOCUMENT) }, (_, index) => membersRef(date, index));
  const ask = <T>(operation: string, call: Promise<T>): Promise<T> =>
    withTimeout(log, operation, LIMIT_MS, call);

  return {
    async load(dates, tally) {
      if (dates.length === 0) return new Map();
      const refs = dates.map((date) => dailyMetrics.doc(date));
      const found = await ask('stored days', dailyMetrics.firestore.getAll(...refs));
      tally.documents += found.length;
      return new Map(found.map((document) => [document.id, seenOf(document, daySchema)]));
    },

    async range(from, to) {
      const found = await ask(
        'stored days',
        dailyMetrics.where('date', '>=', from).where('date', '<=', to).orderBy('date').get(),
      );
      return found.docs.map((document) => decode(daySchema, document));
    },

    async projectRows(date, most) {
      const rows = dailyMetrics.doc(date).collection('projects');
      const found = await ask(`projects of ${date}`, rows.orderBy('gpu.hoursUsed', 'desc').limit(most).get());
      return found.docs.map((document) => decode(projectRowSchema, document));
    },

    async revisions(date) {
      const found = await ask(
        `revisions of ${date}`,
        dailyMetrics.doc(date).collection('revisions').orderBy('revision').get(),
      );
      return found.docs.map((document) => decode(revisionSchema, document));
    },

    async members({ date, members }, tally) {
      if (members === 0) return [];
      const refs = membersRefs(date, members);
      const found = await ask(`members of ${date}`, dailyMetrics.firestore.getAll(...refs));
      tally.documents += found.length;
      return found
        .filter((document) => document.exists)
        .flatMap((document) => decode(membersSchema, document).names);
    },

    async countedOn(names, tally, onCounted) {
      const wanted = new Set(names);
      await pooledMap(chunksOf(names, VALUES_PER_QUERY), QUERIES_AT_ONCE, async (some) => {
        const query = dailyMetrics.firestore
          .collectionGroup(MEMBERS)
          .where('names', 'array-contains-any', some);
        const { docs } = await ask('days that counted a job', query.get());
        tally.documents += Math.max(1, docs.length);
        for (const document of docs) {
          const day = document.ref.parent.parent;
          if (day?.parent.path !== dailyMetrics.path) continue;
          for (const name of decode(membersSchema, document).names)
            if (wanted.has(name)) onCounted(name, day.id);
        }
      });
    },

    async unsettled(tally) {
      const { docs } = await ask(
        'unsettled days',
        dailyMetrics.where('status', '==', 'provisional').select().get(),
      );
      tally.documents += Math.max(1, docs.length);
      return docs.map((document) => document.id);
    },

    put(batch, seen, day, below) {
      put(batch, seen, day);
      if (!below) return;
      const { rows, members, revision } = below;
      const rowRef = (project: string): DocumentReference =>
        dailyMetrics.doc(day.date).collection('projects').doc(documentId(project));
      if (rows) {
        for (const row of rows) batch.set(rowRef(row.project), row);
        for (const project of seen.data?.projects ?? [])
          if (!day.projects.includes(project)) batch.delete(rowRef(project));
      }
      if (members) {
        const parts = chunksOf(members, MEMBERS_PER_DOCUMENT);
        for (const ref of membersRefs(day.date, seen.data?.members ?? 0).slice(parts.length))
          batch.delete(ref);
        for (const [index, names] of parts.entries()) batch.set(membersRef(day.date, index), { names });
      }
      if (revision)
        batch.set(
          dailyMetrics.doc(day.date).collection('revisions').doc(String(revision.revision)),
          revision,
        );
    },

    async accept(date, { at }) {
      for (;;) {
        const [day, task] = await ask(
          `conflict of ${date}`,
          dailyMetrics.firestore.getAll(dailyMetrics.doc(date), tasks.doc('collect-metrics')),
        );
        if (!day?.exists) return 'missing';
        const { conflict } = decode(daySchema, day);
        if (!conflict) return 'no-conflict';
        const batch = dailyMetrics.firestore.batch();
        batch.update(
          day.ref,
          { status: 'provisional', conflict: null },
          { lastUpdateTime: day.updateTime as Timestamp },
        );
        const alarm = { id: conflict.alarmId, because: 'a person accepted the figures' };
        closeByHand(batch, collections, task, alarm, at);
        if (await ask(`acceptance of ${date}`, commitIfUnchanged(batch))) return 'accepted';
      }
    },

    async watermarks(sources, tally) {
      const refs = sources.map((source) => sourceWatermarks.doc(source));
      const found = await ask('watermarks', sourceWatermarks.firestore.getAll(...refs));
      tally.documents += found.length;
      return new Map(
        found
          .filter((document) => document.exists)
          .map((document) => [document.id, decode(watermarkSchema, document)]),
      );
    },

    putWatermark(batch, source, watermark) {
      batch.set(sourceWatermarks.doc(source), watermark);
    },

    async dirty(tally) {
      const found = await ask('dirty days', dirtyDays.get());
      tally.documents += Math.max(1, found.size);
      return new Map(
        found.docs.map((document) => [
          document.id,
          { ref: document.ref, data: decode(dirtyDaySchema, document), updateTime: document.updateTime },
        ]),
      );
    },

    markDirty(batch, mark) {
      batch.set(dirtyDays.doc(mark.date), mark);
    },

    clearDirty(batch, { ref, updateTime }) {
      if (updateTime) batch.delete(ref, { lastUpdateTime: updateTime });
    },
  };
}

/** Any text as a document id: no slash, no dots alone, none of the reserved `__names__`. */
function documentId(text: string): string {
  const encoded = encodeURIComponent(text).slice(0, 1_000);
  if (/^\.{1,2}$/.test(encoded)) return encoded.replaceAll('.', '%2E');
  return /^__.*__$/.test(encoded) ? encoded.replace('_', '%5F') : encoded;
}

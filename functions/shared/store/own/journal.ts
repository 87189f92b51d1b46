import type { WriteBatch } from '@google-cloud/firestore';
import { chunksOf } from '../../concurrency.ts';
import { MINUTE_MS } from '../../dates.ts';
import type { Log } from '../../log.ts';
import { isSameLife, type Life } from '../../model/artifact/artifact-life.ts';
import { type Journal, journalSchema } from '../../model/cleanup/cleanup.ts';
import { decode, streamQuery, withTimeout } from '../firestore/firestore.ts';
import type { Collections } from './collections.ts';

const LIMIT_MS = MINUTE_MS;
/** An entry may have half a megabyte. */
const ENTRIES_AT_ONCE = 10;

const runOfEntry = journalSchema.pick({ runId: true, createdAt: true });

/** The journal of deletions: objects are written down before they are deleted. Written only inside a run's commits. */
export interface JournalStore {
  /** Adds to `batch` an entry that is begun. */
  begin(batch: WriteBatch, entry: Journal): void;

  /** Adds to `batch` what became of the objects of an entry. */
  end(batch: WriteBatch, entry: Journal): void;

  /** The entries that were begun and not ended, for their run stopped between: what became of the objects is unknown. */
  unfinished(): Promise<Journal[]>;

  /** The entries of a plan; with `since`, only those begun from then on. */
  ofPlan(planId: string, since: Date | null): Promise<Journal[]>;

  /** How many jobs a run deleted anything of. */
  jobsOf(runId: string): Promise<number>;

  /** The runs that deleted something of a plan, or were about to, the earliest first. */
  runsOf(planId: string): Promise<string[]>;

  /** Whether any object of that life of a job was deleted. */
  hasDeleted(job: string, life: Life): Promise<boolean>;

  /** Calls `onEntry` with every entry about that life of a job that another run than `runId` wrote. */
  besides(
    runId: string,
    of: { job: string; lives: readonly Life[] },
    onEntry: (entry: Journal) => void,
  ): Promise<void>;

  /** Calls `onEntry` with every entry of a run. */
  ofRun(runId: string, onEntry: (entry: Journal) => void, signal?: AbortSignal): Promise<void>;
}

export function journalStore({ cleanupJournal }: Collections, log: Log): JournalStore {
  return {
    begin(batch, entry) {
      batch.create(cleanupJournal.doc(entry.id), entry);
    },

    end(batch, { id, doneAt, entries }) {
      batch.update(cleanupJournal.doc(id), { doneAt, entries });
    },

    async unfinished() {
      const call = cleanupJournal.where('doneAt', '==', null).get();
      const found = await withTimeout(log, 'unfinished journal', LIMIT_MS, call);
      return found.docs.map((document) => decode(journalSchema, document));
    },

    async ofPlan(planId, since) {
      const query = since
        ? cleanupJournal.where('createdAt', '>=', since)
        : cleanupJournal.where('planId', '==', planId);
      const found = await withTimeout(log, `journal of ${planId}`, LIMIT_MS, query.get());
      const entries = found.docs.map((document) => decode(journalSchema, document));
      // Not part of the query, which would need an index of two fields.
      return entries.filter((entry) => entry.planId === planId);
    },

    async jobsOf(runId) {
      const call = cleanupJournal.where('runId', '==', runId).select('job').get();
      const found = await withTimeout(log, `jobs in the journal of ${runId}`, LIMIT_MS, call);
      return new Set(found.docs.map((document) => document.get('job'))).size;
    },

    async runsOf(planId) {
      const call = cleanupJournal.where('planId', '==', planId).select('runId', 'createdAt').get();
      const found = await withTimeout(log, `runs in the journal of ${planId}`, LIMIT_MS, call);
      const entries = found.docs.map((document) => decode(runOfEntry, document));
      entries.sort((a, b) => a.createdAt.getTime() - b.createdAt.getTime());
      return [...new Set(entries.map(({ runId }) => runId))];
    },

    async hasDeleted(job, life) {
      const found = await withTimeout(
        log,
        `journal of ${job}`,
        LIMIT_MS,
        cleanupJournal.where('job', '==', job).get(),
      );
      return found.docs
        .map((document) => decode(journalSchema, document))
        .filter((entry) => entry.life === null || isSameLife(entry.life, life))
        .some(({ entries }) => entries.some(({ result }) => result === 'deleted'));
    },

    async besides(runId, { job, lives }, onEntry) {
      // The entries themselves are large, and nearly all are of the run itself.
      const call = cleanupJournal.where('job', '==', job).select('runId').get();
      const written = await withTimeout(log, `runs in the journal of ${job}`, LIMIT_MS, call);
      const others = written.docs.filter((document) => document.get('runId') !== runId);
      for (const some of chunksOf(others, ENTRIES_AT_ONCE)) {
        const read = cleanupJournal.firestore.getAll(...some.map(({ ref }) => ref));
        const found = await withTimeout(log, `journal of ${job}`, LIMIT_MS, read);
        for (const document of found.filter(({ exists }) => exists)) {
          const entry = decode(journalSchema, document);
          const { life } = entry;
          if (life === null || lives.some((each) => isSameLife(each, life))) onEntry(entry);
        }
      }
    },

    async ofRun(runId, onEntry, signal) {
      const query = cleanupJournal.where('runId', '==', runId);
      await streamQuery(
        log,
        `journal of ${runId}`,
        LIMIT_MS,
        query,
        (document) => onEntry(decode(journalSchema, document)),
        signal,
      );
    },
  };
}

import type { DocumentReference, DocumentSnapshot, Firestore, Query } from '@google-cloud/firestore';
import { chunksOf } from '../../concurrency.ts';
import { MINUTE_MS } from '../../dates.ts';
import type { Log } from '../../log.ts';
import { type Job, readJob } from '../../model/job/job.ts';
import type { Source } from '../../model/job/source.ts';
import { ACTIVE_STATES } from '../../model/job/states.ts';
import type { Execution } from '../../model/job/sweep.ts';
import { isPath } from '../../model/reading/document-path.ts';
import { VALUES_PER_QUERY, withTimeout } from '../firestore/firestore.ts';
import type { ReadOptions } from '../firestore/read-options.ts';
import { activeRecords, type SeenJob, writtenAt } from './active-records.ts';
import { pathsOf, toRecord } from './jobs.ts';
import { recordCounts } from './record-counts.ts';
import { valuesOf } from './stale-queries.ts';
import { addedPaths } from './stored-fields.ts';

const LIMIT_MS = MINUTE_MS;
/** At most so many executions of one job are read: the newest, and as many active ones besides. */
const EXECUTIONS_PER_JOB = 100;
const DOCUMENTS_PER_READ = 300;

/** Reads the executions `below` the jobs of a source. */
export function executionStore(name: string, source: Source, below: Source, db: Firestore, log: Log) {
  const read = (document: DocumentSnapshot): Execution => ({
    ...readJob(below, toRecord(name, document)),
    writtenAt: writtenAt(document),
  });
  const ask = <T>(operation: string, call: Promise<T>, { signal }: ReadOptions): Promise<T> =>
    withTimeout(log, `${operation} of source ${name}`, LIMIT_MS, call, signal);

  // Another source may have executions of the same name.
  const records = activeRecords(name, below, db, log, (ref) => isOf(source, ref.parent.parent));

  return {
    pages: records.pages,
    those: records.those,
    counts: recordCounts(name, below, db, log),

    /** The executions of the job at `path`, newest first. */
    async of(path: string, options: ReadOptions): Promise<Execution[]> {
      const all = db
        .doc(path)
        .collection(below.collection)
        .select(...pathsOf(below), below.addedField);
      const get = async (query: Query): Promise<DocumentSnapshot[]> => {
        const { docs } = await ask(`executions of ${path}`, query.get(), options);
        options.tally.documents += Math.max(1, docs.length);
        return docs;
      };
      const some = await get(all.limit(EXECUTIONS_PER_JOB + 1));
      if (some.length <= EXECUTIONS_PER_JOB) return newestFirst(some.map(read));
      const words = ACTIVE_STATES.flatMap((state) => valuesOf(below, state));
      const queries = [
        all.orderBy(below.fields.startedAt.path, 'desc'),
        ...chunksOf(words, VALUES_PER_QUERY).map((few) => all.where(below.fields.status, 'in', few)),
      ];
      const found = await Promise.all(queries.map((query) => get(query.limit(EXECUTIONS_PER_JOB))));
      const each = new Map(found.flat().map((document) => [document.id, document]));
      return newestFirst([...each.values()].map(read));
    },

    /** The active executions of the job at `path`. */
    async activeOf(path: string, options: ReadOptions): Promise<SeenJob[]> {
      const words = ACTIVE_STATES.flatMap((state) => valuesOf(below, state)).slice(0, VALUES_PER_QUERY);
      const all = db.doc(path).collection(below.collection).where(below.fields.status, 'in', words);
      const query = all.select(...pathsOf(below), below.addedField).limit(EXECUTIONS_PER_JOB);
      const { docs } = await ask(`active executions of ${path}`, query.get(), options);
      options.tally.documents += Math.max(1, docs.length);
      return docs.map((document) => records.seen(document));
    },

    /** The execution at `path`; `undefined` where there is none. */
    async at(path: string, options: ReadOptions): Promise<SeenJob | undefined> {
      const parts = path.split('/');
      if (parts.length < 4 || parts.length % 2 === 1 || !isPath(path)) return undefined;
      const ref = db.doc(path);
      if (ref.parent.id !== below.collection || !isOf(source, ref.parent.parent)) return undefined;
      const call = db.getAll(ref, { fieldMask: [...pathsOf(below), below.addedField] });
      const [found] = await ask(`execution ${path}`, call, options);
      options.tally.documents += 1;
      return found?.exists ? records.seen(found) : undefined;
    },

    /** The executions of the job at `path` that a run ended. */
    async endedBy(path: string, runId: string, options: ReadOptions): Promise<SeenJob[]> {
      const query = db
        .doc(path)
        .collection(below.collection)
        .where(`${addedPaths(below.addedField).evidence}.runId`, '==', runId)
        .select(...pathsOf(below), below.addedField)
        .limit(EXECUTIONS_PER_JOB);
      const { docs } = await ask(`executions of ${path} that ${runId} ended`, query.get(), options);
      options.tally.documents += Math.max(1, docs.length);
      return docs.map((document) => records.seen(document));
    },

    /** The job of each execution, with what it reported, by the path of the execution; an execution without a job is left out. */
    async jobsOf(paths: readonly string[], options: ReadOptions): Promise<Map<string, Job>> {
      const jobs = new Map<string, Job>();
      for (const some of chunksOf([...new Set(paths.map(jobPath))], DOCUMENTS_PER_READ)) {
        const refs = some.map((path) => db.doc(path));
        const call = db.getAll(...refs, { fieldMask: [...pathsOf(source), source.addedField] });
        const found = await ask('jobs of executions', call, options);
        options.tally.documents += found.length;
        for (const document of found)
          if (document.exists) jobs.set(document.ref.path, readJob(source, toRecord(name, document)));
      }
      return new Map(
        paths.flatMap((path) => {
          const job = jobs.get(jobPath(path));
          return job ? [[path, job] as const] : [];
        }),
      );
    },
  };
}

export type ExecutionStore = ReturnType<typeof executionStore>;

/** Whether the document is one of the source's collection, or collection group. */
export function isOf(source: Source, ref: DocumentReference | null): boolean {
  return (source.group ? ref?.parent.id : ref?.parent.path) === source.collection;
}

function jobPath(path: string): string {
  return path.split('/').slice(0, -2).join('/');
}

/** By when each began; one that does not say so began before it ended, or was written. */
function newestFirst(executions: Execution[]): Execution[] {
  const begunMs = ({ startedAt, createdAt, endedAt, writtenAt: written }: Execution) =>
    (startedAt ?? createdAt ?? endedAt ?? written).getTime();
  return executions.sort((a, b) => begunMs(b) - begunMs(a));
}

import type { DocumentSnapshot, Firestore, Query } from '@google-cloud/firestore';
import { chunksOf } from '../../concurrency.ts';
import { SECOND_MS } from '../../dates.ts';
import type { Log } from '../../log.ts';
import { type Job, readJob } from '../../model/job/job.ts';
import { executionsOf, type Source } from '../../model/job/source.ts';
import { VALUES_PER_QUERY, withTimeout } from '../firestore/firestore.ts';
import type { ReadOptions } from '../firestore/read-options.ts';
import { isOf } from './executions.ts';
import { idsAsStored, recordsOf, toRecord } from './jobs.ts';

const LIMIT_MS = 10 * SECOND_MS;
/** More records than that of so few names are a mistake, and none of them is needed. */
const MOST_PER_QUERY = 100;

/** A job by one name that its backend has for it, or for an execution of it. */
export interface BackendJob {
  backendId: string;
  id: string;
  path: string;
}

/** One source of jobs as those see it who know the names at its backend. */
export interface BackendJobStore {
  readonly name: string;
  readonly source: Source;
  /**
   * The jobs whose record, or that of an execution below it, carries one of the names, in whatever state they are: first those
   * whose own record does, each group in the order of the jobs' paths. One query for each 30 names and each of the two, and a
   * read for each job of an execution.
   */
  jobsAt(backendIds: readonly string[], options: ReadOptions): Promise<BackendJob[]>;
}

export function backendJobStore(name: string, source: Source, db: Firestore, log: Log): BackendJobStore {
  const below = executionsOf(source);

  /** The records of a collection that carry one of the names. */
  async function carrying(
    mapping: Source,
    backendIds: readonly string[],
    { tally, signal, limitMs = LIMIT_MS }: ReadOptions,
  ): Promise<DocumentSnapshot[]> {
    const { id, backendId } = mapping.fields;
    if (backendId === undefined) return [];
    const ask = async (query: Query): Promise<DocumentSnapshot[]> => {
      const operation = `jobs of source ${name} by their names at the backend`;
      const { docs } = await withTimeout(log, operation, limitMs, query.get(), signal);
      tally.documents += Math.max(1, docs.length);
      return docs;
    };
    const found = await Promise.all(
      chunksOf(idsAsStored(backendIds), VALUES_PER_QUERY).map((some) =>
        ask(
          recordsOf(mapping, db)
            .where(backendId, 'in', some)
            .select(backendId, ...(id === undefined ? [] : [id]))
            .limit(MOST_PER_QUERY),
        ),
      ),
    );
    return found.flat();
  }

  /** The jobs at those paths that have a record. */
  async function jobsAbove(
    paths: readonly string[],
    { tally, signal, limitMs = LIMIT_MS }: ReadOptions,
  ): Promise<Map<string, Job>> {
    if (paths.length === 0) return new Map();
    const { id } = source.fields;
    const refs = [...new Set(paths)].map((path) => db.doc(path));
    const call = db.getAll(...refs, { fieldMask: id === undefined ? [] : [id] });
    const found = await withTimeout(log, `jobs of executions of source ${name}`, limitMs, call, signal);
    tally.documents += found.length;
    return new Map(
      found.flatMap((document) =>
        document.exists ? [[document.ref.path, readJob(source, toRecord(name, document))] as const] : [],
      ),
    );
  }

  async function byExecution(backendIds: readonly string[], options: ReadOptions): Promise<BackendJob[]> {
    if (!below) return [];
    const documents = await carrying(below, backendIds, options);
    const executions = documents.flatMap((document) => {
      const job = document.ref.parent.parent;
      const { backendId } = readJob(below, toRecord(name, document));
      // Another source may have executions of the same name.
      return job && backendId !== null && isOf(source, job) ? [{ backendId, path: job.path }] : [];
    });
    const jobs = await jobsAbove(
      executions.map(({ path }) => path),
      options,
    );
    return executions.flatMap(({ backendId, path }) => {
      const job = jobs.get(path);
      return job ? [{ backendId, id: job.id, path }] : [];
    });
  }

  async function byJob(backendIds: readonly string[], options: ReadOptions): Promise<BackendJob[]> {
    const documents = await carrying(source, backendIds, options);
    return documents.flatMap((document) => {
      const { backendId, id, path } = readJob(source, toRecord(name, document));
      return backendId === null ? [] : [{ backendId, id, path }];
    });
  }

  return {
    name,
    source,
    async jobsAt(backendIds, options) {
      const found = await Promise.all([byJob(backendIds, options), byExecution(backendIds, options)]);
      return found.flatMap((jobs) => jobs.sort((a, b) => (a.path < b.path ? -1 : 1)));
    },
  };
}

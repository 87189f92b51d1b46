import type {
  DocumentReference,
  DocumentSnapshot,
  Firestore,
  Query,
  QuerySnapshot,
  Transaction,
} from '@google-cloud/firestore';
import { chunksOf } from '../concurrency.ts';
import { ancestorsOf, overlaps, type Prefix, reachOf, readArtifactUri, uriOf } from '../model/artifact.ts';
import { isTerminal, isUnreadable, type Job } from '../model/job.ts';
import type { Source } from '../model/source.ts';
import { VALUES_PER_QUERY } from './firestore.ts';

/** Records that keep the artifacts that they name. */
export interface RootQuery {
  db: Firestore;
  records: Query;
  /** The field with the URI. */
  field: string;
  /** Who names it, in words. */
  by: string;
  /** Whether a record that names a URI still keeps it. */
  holds(document: DocumentSnapshot, at: Date): boolean;
}

/** The records of a source of jobs. */
export interface JobRecords {
  db: Firestore;
  records: Query;
  source: Source;
  /** Whether a job of that name is one of this source's. */
  holds(job: string): boolean;
  refOf(job: string): DocumentReference;
  read(document: DocumentSnapshot): Job;
}

/** All that may keep artifacts at the moment of their deletion. */
export interface Keepers {
  roots: readonly RootQuery[];
  stores: readonly JobRecords[];
  /** The only buckets in which an ended job's artifacts count. */
  buckets: readonly string[];
  /** Names of the jobs whose artifacts go as well: each is looked at by itself. */
  going: ReadonlySet<string>;
  /** Jobs that nothing keeps either, but a later plan deletes. */
  later: ReadonlyMap<string, Job>;
  at: Date;
}

/** Reads for a decision. */
export interface Reader {
  document(ref: DocumentReference): Promise<DocumentSnapshot>;
  query(query: Query): Promise<QuerySnapshot>;
}

/** Reads inside a transaction, which sees one database: what stands in another one is read at that moment instead. */
export function readerIn(transaction: Transaction, db: Firestore): Reader {
  return {
    document: (ref) => (ref.firestore === db ? transaction.get(ref) : ref.get()),
    query: (query) => (query.firestore === db ? transaction.get(query) : query.get()),
  };
}

/**
 * Why a job's artifacts stay after all, `undefined` if they may go: because of what its record says now, of a root that
 * names them, or of another job that needs them.
 */
export async function keeperOf(
  seen: Job,
  keepers: Keepers,
  reader: Reader,
  asked: Set<string> = new Set(),
): Promise<string | undefined> {
  asked.add(seen.name);
  const { roots, stores, at } = keepers;
  const store = stores.find(({ holds }) => holds(seen.name));
  const uri = readArtifactUri(seen.artifactUri);
  if (!store || !uri.ok) return 'nobody can tell which artifacts it has';
  const document = await reader.document(store.refOf(seen.name));
  if (!document.exists) return 'its record is gone';
  const said = changeOf(seen, store.read(document), at);
  if (said) return said;
  const naming = (query: Pick<RootQuery, 'records' | 'field'>) => overlapping(query, uri.prefix, reader);

  // One after the other: a transaction that breaks off fails all reads under way, each for another reason.
  for (const root of roots) {
    const found = (await naming(root)).find((it) => root.holds(it, at));
    if (found) return `${root.by} ${found.id} names it now`;
  }
  for (const other of stores) {
    const { records, source } = other;
    const { artifactUri, resumedFrom } = source.fields;
    const beside = artifactUri ? await naming({ records, field: artifactUri }) : [];
    const above = resumedFrom ? await naming({ records, field: resumedFrom }) : [];
    const after = resumedFrom && other === store ? await childrenOf(seen, records, resumedFrom, reader) : [];
    const found = [
      ...beside.map((it) => ({ job: other.read(it), need: 'has artifacts there' })),
      ...[...above, ...after].map((it) => ({ job: other.read(it), need: 'began from it' })),
    ];
    for (const { job, need } of found)
      if (!asked.has(job.name) && (await needs(job, keepers, reader, asked))) return `${job.name} ${need}`;
  }
  return undefined;
}

/** What a record says now that it did not say when its artifacts were found superfluous. */
function changeOf(seen: Job, job: Job, at: Date): string | undefined {
  if (job.state !== seen.state || !isTerminal(job.state)) return `its record says ${job.state} now`;
  if (job.endedAt?.getTime() !== seen.endedAt?.getTime()) return 'its end has changed';
  if (job.artifactUri !== seen.artifactUri) return 'its URI has changed';
  if (job.registeredModel) return `it is the registered model ${job.registeredModel} now`;
  if (isUnreadable(job, 'keepUntil')) return 'nobody can read until when it is pinned';
  if (job.keepUntil && job.keepUntil > at) return `it is pinned until ${job.keepUntil.toISOString()} now`;
  return undefined;
}

/** Whether a job still needs what it has, or began from. */
async function needs(job: Job, keepers: Keepers, reader: Reader, asked: Set<string>): Promise<boolean> {
  if (isTerminal(job.state)) {
    const uri = readArtifactUri(job.artifactUri);
    const has = uri.ok && keepers.buckets.includes(uri.prefix.bucket) && !job.added.deletedAt;
    if (!has || keepers.going.has(job.name)) return false;
  }
  const later = keepers.later.get(job.name);
  return !later || (await keeperOf(later, keepers, reader, asked)) !== undefined;
}

/** Records that name in `field` something in, around or at `prefix`. */
async function overlapping(
  { records, field }: Pick<RootQuery, 'records' | 'field'>,
  prefix: Prefix,
  reader: Reader,
): Promise<QuerySnapshot['docs']> {
  const uri = uriOf(prefix);
  // The next character after the slash at its end: what lies between begins with the URI.
  const end = `${uri.slice(0, -1)}0`;
  const queries = [
    records.where(field, '>=', uri).where(field, '<', end),
    ...chunksOf(ancestorsOf(prefix), VALUES_PER_QUERY).map((some) => records.where(field, 'in', some)),
  ];
  const found: QuerySnapshot['docs'] = [];
  for (const query of queries) found.push(...(await reader.query(query)).docs);
  return found.filter((document) => {
    const reach = reachOf(String(document.get(field)));
    return reach && overlaps(reach, prefix);
  });
}

/** Those that name a job's id, which may be stored as a number. */
async function childrenOf(
  { id }: Job,
  records: Query,
  field: string,
  reader: Reader,
): Promise<QuerySnapshot['docs']> {
  const ids = String(Number(id)) === id ? [id, Number(id)] : [id];
  return (await reader.query(records.where(field, 'in', ids))).docs;
}

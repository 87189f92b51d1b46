import type { Query, QueryDocumentSnapshot } from '@google-cloud/firestore';
import type { JobRecord } from '../../../functions/shared/model/job/job.ts';
import type { Source } from '../../../functions/shared/model/job/source.ts';
import type { Connection } from '../shared/connect.ts';

/** Of each kind of odd record, so many are looked at besides. */
const ODD = 5;

/**
 * Up to `limit` records of a source: the newest by their start, filled up with any when too few have one; and a few of
 * those, however old, that count on no day.
 */
export async function sampleRecords(
  source: Source,
  name: string,
  limit: number,
  { openSource, ask, clock }: Pick<Connection, 'openSource' | 'ask' | 'clock'>,
  place: string,
): Promise<JobRecord[]> {
  const { FAILED_PRECONDITION, grpcCode } = await import(
    '../../../functions/shared/store/firestore/firestore.ts'
  );
  const { recordsOf, toRecord } = await import('../../../functions/shared/store/sources/jobs.ts');
  const { endedActiveQueries, timelessQueries } = await import(
    '../../../functions/shared/store/sources/overlooked-records.ts'
  );
  const all = recordsOf(source, openSource(source));
  const read = async (query: Query): Promise<QueryDocumentSnapshot[]> => {
    const { docs } = await ask(`reading ${limit} records of ${name}`, query.get(), place);
    return docs;
  };
  /** None where its index is missing: any records will do. */
  const readIfIndexed = (query: Query) =>
    read(query).catch((error: Error) => {
      if (grpcCode(error.cause) === FAILED_PRECONDITION) return [];
      throw error;
    });
  const newest = await readIfIndexed(all.orderBy(source.fields.startedAt.path, 'desc').limit(limit));
  // A record without the field is in no index of it, so a query by start never shows it.
  const any = newest.length < limit ? await read(all.limit(limit)) : [];
  const oddities = [...timelessQueries(all, source, clock.now()), ...endedActiveQueries(all, source)];
  const odd = await Promise.all(oddities.map(([, query]) => readIfIndexed(query.limit(ODD))));
  const usual = new Map([...newest, ...any].map((document) => [document.ref.path, document]));
  const sampled = new Map([
    ...[...usual].slice(0, limit),
    ...odd.flat().map((it) => [it.ref.path, it] as const),
  ]);
  return [...sampled.values()].map((document) => toRecord(name, document));
}

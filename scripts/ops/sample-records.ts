import type { Query, QueryDocumentSnapshot } from '@google-cloud/firestore';
import type { JobRecord } from '../../functions/shared/model/job.ts';
import type { Source } from '../../functions/shared/model/source.ts';
import type { Connection } from './connect.ts';

/** Up to `limit` records of a source: the newest by their start, filled up with any when too few have one. */
export async function sampleRecords(
  source: Source,
  name: string,
  limit: number,
  { openSource, ask }: Pick<Connection, 'openSource' | 'ask'>,
  place: string,
): Promise<JobRecord[]> {
  const { FAILED_PRECONDITION, grpcCode } = await import('../../functions/shared/store/firestore.ts');
  const { recordsOf, toRecord } = await import('../../functions/shared/store/jobs.ts');
  const all = recordsOf(source, openSource(source));
  const read = (query: Query) => ask(`reading ${limit} records of ${name}`, query.limit(limit).get(), place);
  const newest = await read(all.orderBy(source.fields.startedAt.path, 'desc')).then(
    ({ docs }) => docs,
    (error: Error) => {
      // A collection group has no index of a single field unless somebody made one: any records will do.
      if (grpcCode(error.cause) === FAILED_PRECONDITION) return [];
      throw error;
    },
  );
  // A record without the field is in no index of it, so a query by start never shows it.
  const any = newest.length < limit ? (await read(all)).docs : [];
  const byPath = new Map<string, QueryDocumentSnapshot>();
  for (const document of [...newest, ...any]) byPath.set(document.ref.path, document);
  return [...byPath.values()].slice(0, limit).map((document) => toRecord(name, document));
}

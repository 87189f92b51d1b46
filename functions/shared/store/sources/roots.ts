import type { Firestore } from '@google-cloud/firestore';
import { MINUTE_MS } from '../../dates.ts';
import type { Log } from '../../log.ts';
import type { ArtifactPolicy } from '../../model/cleanup/policy.ts';
import { readLocator } from '../../model/job/job.ts';
import type { Reading } from '../../model/reading/reading.ts';
import { plainOf, streamQuery } from '../firestore/firestore.ts';
import type { ReadOptions } from '../firestore/read-options.ts';

const READ_LIMIT_MS = 5 * MINUTE_MS;

/** A collection of the user's own records that name artifacts to keep. */
export function modelStore(model: ArtifactPolicy['models'][number], db: Firestore, log: Log) {
  const { collection, artifactUri: field } = model;
  const records = model.group ? db.collectionGroup(collection) : db.collection(collection);
  return {
    /** Tells it apart from others of the same collection id. */
    name: `${field} in ${[model.googleProject, model.database, collection].filter(Boolean).join('/')}`,

    /** What every record says, one by one; each of a list by itself. */
    async all(
      { tally, signal }: ReadOptions,
      onRoot: (said: Reading<string>, id: string) => void,
    ): Promise<void> {
      const documents = await streamQuery(
        log,
        `models of ${collection}`,
        READ_LIMIT_MS,
        records.select(field),
        (document) => {
          const value = plainOf(document.get(field));
          for (const each of Array.isArray(value) ? value : [value]) onRoot(readLocator(each), document.id);
        },
        signal,
      );
      tally.documents += documents;
    },
  };
}

export type ModelStore = ReturnType<typeof modelStore>;

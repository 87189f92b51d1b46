import type { Firestore } from '@google-cloud/firestore';
import { MINUTE_MS } from '../../dates.ts';
import type { Log } from '../../log.ts';
import type { ArtifactPolicy } from '../../model/cleanup/policy.ts';
import { readLocator } from '../../model/job/job.ts';
import type { Reading } from '../../model/reading/reading.ts';
import { streamQuery } from '../firestore/firestore.ts';
import type { ReadOptions } from '../firestore/read-options.ts';
import { valueAt, wholeField } from '../firestore/value-at.ts';

const READ_LIMIT_MS = 5 * MINUTE_MS;

/** A collection of the user's own records that name artifacts to keep. */
export interface ModelStore {
  /** Field, project, database and collection: two collections may have the same id. */
  readonly name: string;

  /** Calls `onRoot` with the place that each record names, and with each of a list of places. `id` is the record's. */
  all(options: ReadOptions, onRoot: (place: Reading<string>, id: string) => void): Promise<void>;
}

export function modelStore(model: ArtifactPolicy['models'][number], db: Firestore, log: Log): ModelStore {
  const { collection, artifactUri: field } = model;
  const records = model.group ? db.collectionGroup(collection) : db.collection(collection);
  return {
    name: `${field} in ${[model.googleProject, model.database, collection].filter(Boolean).join('/')}`,

    async all({ tally, signal }, onRoot) {
      const documents = await streamQuery(
        log,
        `models of ${collection}`,
        READ_LIMIT_MS,
        records.select(wholeField(field)),
        (document) => {
          const { value } = valueAt(document, field);
          for (const each of Array.isArray(value) ? value : [value]) onRoot(readLocator(each), document.id);
        },
        signal,
      );
      tally.documents += documents;
    },
  };
}

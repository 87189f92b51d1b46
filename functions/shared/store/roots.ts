import type { Firestore } from '@google-cloud/firestore';
import { MINUTE_MS } from '../dates.ts';
import type { Log } from '../log.ts';
import { isHeld, type Pin, pinSchema } from '../model/cleanup.ts';
import type { ArtifactPolicy } from '../model/policy.ts';
import type { Collections } from './collections.ts';
import { bounded, countDocuments, decode, streamQuery } from './firestore.ts';
import type { ReadOptions } from './jobs.ts';
import type { RootQuery } from './keepers.ts';

const READ_LIMIT_MS = 5 * MINUTE_MS;
const WRITE_LIMIT_MS = MINUTE_MS;

/** A collection of the user's records that name artifacts to keep. */
export function modelStore(model: ArtifactPolicy['models'][number], db: Firestore, log: Log) {
  const { collection, artifactUri: field } = model;
  const records = model.group ? db.collectionGroup(collection) : db.collection(collection);
  return {
    /** Tells it apart from others of the same collection id. */
    name: `${field} in ${[model.googleProject, model.database, collection].filter(Boolean).join('/')}`,
    query: { db, records, field, by: `the record in ${collection}`, holds: () => true } satisfies RootQuery,

    /** Every URI that is named, one by one. Rejects for one that is no text: nobody can tell what it keeps. */
    async all({ tally, signal }: ReadOptions, onUri: (uri: string, id: string) => void): Promise<void> {
      const documents = await streamQuery(
        log,
        `models of ${collection}`,
        READ_LIMIT_MS,
        records.select(field),
        (document) => {
          const uri: unknown = document.get(field) ?? null;
          if (typeof uri === 'string') onUri(uri, document.id);
          else if (uri !== null) throw new TypeError(`Cannot read ${field} of ${document.ref.path} as text`);
        },
        signal,
      );
      tally.documents += documents;
    },
  };
}

export type ModelStore = ReturnType<typeof modelStore>;

/** Our own pins. */
export function pinStore({ artifactPins }: Collections, log: Log) {
  return {
    query: {
      db: artifactPins.firestore,
      records: artifactPins,
      field: 'uri',
      by: 'the pin',
      holds: (document, at) => isHeld(decode(pinSchema, document), at),
    } satisfies RootQuery,

    async all(): Promise<Pin[]> {
      const found = await bounded(log, 'pins', READ_LIMIT_MS, artifactPins.get());
      return found.docs.map((document) => decode(pinSchema, document));
    },

    /** How many there are. */
    async count(): Promise<number> {
      return bounded(log, 'number of pins', READ_LIMIT_MS, countDocuments(artifactPins));
    },

    /** Pins a prefix; the same pin again is the same pin. */
    async put(pin: Pin): Promise<void> {
      await bounded(log, `pin ${pin.id}`, WRITE_LIMIT_MS, artifactPins.doc(pin.id).set(pin));
    },
  };
}

export type PinStore = ReturnType<typeof pinStore>;

import type { DocumentSnapshot, Firestore } from '@google-cloud/firestore';
import { MINUTE_MS } from '../dates.ts';
import type { Log } from '../log.ts';
import { type Pin, pinSchema } from '../model/cleanup.ts';
import { readLocator } from '../model/job.ts';
import type { ArtifactPolicy } from '../model/policy.ts';
import type { Reading } from '../model/reading.ts';
import type { Collections } from './collections.ts';
import { bounded, countDocuments, plainOf, streamQuery } from './firestore.ts';
import type { ReadOptions } from './jobs.ts';

const READ_LIMIT_MS = 5 * MINUTE_MS;
const WRITE_LIMIT_MS = MINUTE_MS;

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

/** A pin as it is stored, perhaps by hand. */
export interface HeldPin extends Pick<Pin, 'id' | 'keepUntil' | 'owner' | 'reason'> {
  said: Reading<string>;
}

/** Our own pins. */
export function pinStore({ artifactPins }: Collections, log: Log) {
  return {
    async all(): Promise<HeldPin[]> {
      const found = await bounded(log, 'pins', READ_LIMIT_MS, artifactPins.get());
      return found.docs.map(readPin);
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

/** A pin of another form than ours holds what it names for ever: nobody can tell until when it was meant to. */
function readPin(document: DocumentSnapshot): HeldPin {
  const pin = pinSchema.safeParse(plainOf(document.data()));
  const { keepUntil, owner, reason } = pin.success
    ? pin.data
    : { keepUntil: null, owner: 'somebody', reason: `the pin ${document.id} is not of our form` };
  return { id: document.id, said: readLocator(plainOf(document.get('uri'))), keepUntil, owner, reason };
}

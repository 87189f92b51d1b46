import type { DocumentSnapshot } from '@google-cloud/firestore';
import { MINUTE_MS } from '../../dates.ts';
import type { Log } from '../../log.ts';
import { type Pin, pinSchema } from '../../model/cleanup/cleanup.ts';
import { readLocator } from '../../model/job/job.ts';
import { PLAUSIBLE_TIMES, type Reading } from '../../model/reading/reading.ts';
import { countDocuments, plainOf, withTimeout } from '../firestore/firestore.ts';
import type { Collections } from './collections.ts';

const READ_LIMIT_MS = 5 * MINUTE_MS;
const WRITE_LIMIT_MS = MINUTE_MS;

/** A pin as it is stored, perhaps by hand. */
export interface HeldPin extends Pick<Pin, 'id' | 'keepUntil' | 'owner' | 'reason'> {
  said: Reading<string>;
}

/** Our own pins. */
export interface PinStore {
  /** Every pin, those that cannot be read too. */
  all(): Promise<HeldPin[]>;

  /** How many there are. */
  count(): Promise<number>;

  /** Pins a prefix; the same pin again is the same pin. */
  put(pin: Pin): Promise<void>;
}

export function pinStore({ artifactPins }: Collections, log: Log): PinStore {
  return {
    async all() {
      const found = await withTimeout(log, 'pins', READ_LIMIT_MS, artifactPins.get());
      return found.docs.map(readPin);
    },

    async count() {
      return withTimeout(log, 'number of pins', READ_LIMIT_MS, countDocuments(artifactPins));
    },

    async put(pin) {
      await withTimeout(log, `pin ${pin.id}`, WRITE_LIMIT_MS, artifactPins.doc(pin.id).set(pin));
    },
  };
}

/** A pin of another form than ours keeps what it names for ever: until when it was meant to is unknown. */
function readPin(document: DocumentSnapshot): HeldPin {
  const pin = pinSchema.safeParse(plainOf(document.data()));
  const { keepUntil, owner, reason } = pin.success
    ? pin.data
    : { keepUntil: null, owner: 'somebody', reason: `the pin ${document.id} is not of our form` };
  // Programs write such times for none.
  const isTime = keepUntil !== null && keepUntil >= PLAUSIBLE_TIMES.from;
  const said = readLocator(plainOf(document.get('uri')));
  return { id: document.id, said, keepUntil: isTime ? keepUntil : null, owner, reason };
}

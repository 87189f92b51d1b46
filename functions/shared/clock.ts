import { readFileSync } from 'node:fs';
import type { Environment } from './environment.ts';
import { InvalidConfiguration } from './errors.ts';

/** Wall time for records and monotonic time for durations, so that a clock that jumps never falsifies a duration. */
export interface Clock {
  /** The instant now, for records and decisions about days. */
  now(): Date;
  /** Milliseconds on a clock that only goes forward; only differences mean anything. */
  monotonicMs(): number;
  /** How far `now` is set ahead of real time; a clock without is not. Firestore's own instants are real time. */
  offsetMs?(): number;
}

/** The clock of this machine. */
export const systemClock: Clock = {
  now: () => new Date(),
  monotonicMs: () => performance.now(),
};

/**
 * The clock of this deployment: the machine's. Beside an emulator alone it may be set ahead, by the milliseconds that
 * the file of NIGHTSHIFT_CLOCK_FILE holds at the time, so that nights can pass in a minute.
 */
export function clockOf({
  NIGHTSHIFT_CLOCK_FILE: file,
  FIRESTORE_EMULATOR_HOST: emulator,
}: Environment): Clock {
  if (!file) return systemClock;
  const refuse = (message: string, expected: string) =>
    new InvalidConfiguration('the environment', [{ path: 'NIGHTSHIFT_CLOCK_FILE', message, expected }]);
  if (!emulator)
    throw refuse(`Cannot use "${file}"`, 'nothing: a clock may be set only beside a Firestore emulator');
  const offsetMs = () => {
    const text = readFileSync(file, 'utf8').trim();
    if (!/^\d+$/.test(text)) throw refuse(`${file} holds "${text}"`, 'a number of milliseconds');
    return Number(text);
  };
  // Read once now, so that a file that cannot be read fails at the start.
  offsetMs();
  return { ...systemClock, now: () => new Date(Date.now() + offsetMs()), offsetMs };
}

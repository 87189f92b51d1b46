import { mulberry32 } from '../../scripts/stack/sample/dice.ts';

/** Large tests run reduced in `npm test` and in full in `npm run soak`; what is random prints its seed. */

const SOAK = process.env.NIGHTSHIFT_SOAK === '1';

/** For tests that prove the stand-ins, or the tests themselves, and take long: they are run in a soak alone. */
export const SOAK_ONLY = { skip: SOAK ? false : 'only in npm run soak' };

/** The size of a large test: `full` in a soak, else `reduced`. */
export function sized(reduced: number, full: number): number {
  return SOAK ? full : reduced;
}

/** A seed, which it tells; NIGHTSHIFT_SEED repeats a run. */
export function seedOf(tell: (message: string) => void): number {
  const seed = Number(process.env.NIGHTSHIFT_SEED ?? Math.floor(Math.random() * 2 ** 31));
  tell(`seed ${seed} (repeat with NIGHTSHIFT_SEED=${seed})`);
  return seed;
}

/** A seeded source of numbers in [0, 1). */
export function seededRandom(tell: (message: string) => void): () => number {
  return mulberry32(seedOf(tell));
}

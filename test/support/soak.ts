/** Large tests run reduced in `npm test` and in full in `npm run soak`; what is random prints its seed. */

const SOAK = process.env.NIGHTSHIFT_SOAK === '1';

/** The size of a large test: `full` in a soak, else `reduced`. */
export function sized(reduced: number, full: number): number {
  return SOAK ? full : reduced;
}

/** A seeded source of numbers in [0, 1); NIGHTSHIFT_SEED repeats a run. Tells its seed. */
export function seededRandom(tell: (message: string) => void): () => number {
  const seed = Number(process.env.NIGHTSHIFT_SEED ?? Math.floor(Math.random() * 2 ** 31));
  tell(`seed ${seed} (repeat with NIGHTSHIFT_SEED=${seed})`);
  let state = seed >>> 0;
  return () => {
    // mulberry32: small, and good enough to order events.
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

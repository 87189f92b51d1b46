import type { WandbRun } from './world.ts';

type Filtered = Pick<WandbRun, 'state'>;

/** A filter of runs, in the form of MongoDB's queries: of those the part that asks for states. */
export function matches(filters: string | undefined): (run: Filtered) => boolean {
  const query: unknown = JSON.parse(filters ?? '{}');
  const terms = Object.entries(query as object);
  const tests = terms.map(([field, condition]): ((run: Filtered) => boolean) => {
    if (field !== 'state') throw new Error(`the stand-in has no filter of ${field}`);
    const [[operator, words] = [], ...others] = Object.entries(condition as object);
    if (others.length > 0 || !Array.isArray(words)) throw new Error('invalid filter');
    if (operator === '$in') return ({ state }) => words.includes(state);
    if (operator === '$nin') return ({ state }) => !words.includes(state);
    throw new Error(`the stand-in has no operator ${operator}`);
  });
  return (run) => tests.every((test) => test(run));
}

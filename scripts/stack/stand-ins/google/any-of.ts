import { invalid } from './problem.ts';

/** A filter of a list in which any of several terms may hold, such as `state="A" OR create_time>"2026-01-01T00:00:00Z"`. */

const TERM = /^(\w+)(=|>)"([^"]*)"$/;

/** Whether a thing matches `filter`; `fieldOf` has what it is at a field, and throws for a field that no filter may name. */
export function anyOf<T>(
  filter: string | undefined,
  fieldOf: (thing: T, field: string) => string | Date | null,
): (thing: T) => boolean {
  if (filter === undefined) return () => true;
  const terms = filter.split(' OR ').map((text) => {
    const [, field, operator, value] = TERM.exec(text) ?? [];
    if (field === undefined || value === undefined) throw invalid(`Unparseable filter: ${filter}`);
    return { field, operator, value };
  });
  return (thing) =>
    terms.some(({ field, operator, value }) => {
      const found = fieldOf(thing, field);
      if (found instanceof Date) return operator === '>' && found.getTime() > Date.parse(value);
      return operator === '=' && found === value;
    });
}

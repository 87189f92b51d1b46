import { z } from 'zod';

/** Forms that values of the settings have in several places. */

/** Named by form and not by a list, which would be out of date with the next region that Google opens. */
export const region = z
  .string()
  .regex(
    /^(africa|asia|australia|europe|me|northamerica|southamerica|us)-(north|south|east|west|central)(east|west)?\d{1,2}$/,
    { error: 'a region such as europe-west4' },
  );

/** A list in which each entry counts once. */
export function distinct(entry: z.ZodString) {
  return z.array(entry).refine((entries) => new Set(entries).size === entries.length, {
    message: 'An entry comes twice',
    params: { expected: 'each entry once' },
  });
}

import { z } from 'zod';
import { quoted } from './reading/reading.ts';
import { isZone } from './reading/time-text.ts';

/** Forms that values of the settings have in several places. */

/** Named by form and not by a list, which would be out of date with the next region that Google opens. */
export const region = z
  .string()
  .regex(
    /^(africa|asia|australia|europe|me|northamerica|southamerica|us)-(north|south|east|west|central)(east|west)?\d{1,2}$/,
    { error: 'a region such as europe-west4' },
  );

/** The address of an API. A token must not travel in the clear, so only this machine may be asked without TLS. */
export const baseUrl = z
  .string()
  .regex(/^(https:\/\/[^/?#@\s]+|http:\/\/(127\.0\.0\.1|localhost|\[::1\])(:\d+)?)(\/[^?#\s]*)?$/, {
    error: 'https://..., or http:// on this machine',
  });

/** A list in which each entry counts once. */
export function distinct(entry: z.ZodString) {
  return z.array(entry).refine((entries) => new Set(entries).size === entries.length, {
    message: 'An entry comes twice',
    params: { expected: 'each entry once' },
  });
}

/** The zone of ISO text that names none; without it, such text cannot be read. */
export const zone = z.string().refine(isZone, {
  error: ({ input }) => `No zone: ${quoted(input)}`,
  params: { expected: 'UTC, an offset such as +02:00, or a name such as Europe/Berlin' },
});

/** Refuses a zone beside a type of time that is no ISO text. */
export function zoneOnlyOfText(
  time: { type: string; zone?: string | undefined },
  context: z.core.$RefinementCtx,
): void {
  if (time.type === 'iso' || time.zone === undefined) return;
  context.addIssue({
    code: 'custom',
    path: ['zone'],
    message: 'Only ISO text can lack its zone',
    params: { expected: 'no zone, or type iso' },
  });
}

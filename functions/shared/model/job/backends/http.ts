import { z } from 'zod';
import { zone, zoneOnlyOfText } from '../../forms.ts';
import { jsonPath } from '../../reading/json-path.ts';
import { JSON_TIME_TYPES } from '../../reading/reading.ts';
import { ACTIVE_STATES, JOB_STATES } from '../states.ts';
import type { BackendKind } from './backend-kind.ts';

/** A time in an answer: its path, and how it is written. A path alone means ISO text. */
const timeInAnswer = z.preprocess(
  (given) => (typeof given === 'string' ? { path: given } : given),
  z
    .strictObject({ path: jsonPath, type: z.enum(JSON_TIME_TYPES).default('iso'), zone: zone.optional() })
    .superRefine(zoneOnlyOfText),
);
export type TimeInAnswer = z.infer<typeof timeInAnswer>;

/** One word or several. A number, true and false are taken as words. */
const words = z.preprocess(
  (given) => [given].flat().map((word) => (isScalar(word) ? String(word) : word)),
  z.array(z.string()).min(1),
);

function isScalar(value: unknown): boolean {
  return typeof value === 'number' || typeof value === 'boolean';
}

/** Any endpoint that answers a GET with JSON that holds a state. */
export const http = {
  settings: z.strictObject({
    kind: z.literal('http'),
    /** With `{id}` where the job's backendId goes; https://, or http:// on this machine. */
    url: z
      .string()
      .regex(
        /^(https:\/\/[^/?#@\s{]+|http:\/\/(127\.0\.0\.1|localhost|\[::1\])(:\d+)?)[/?][^#\s]*\{id\}[^#\s]*$/,
        {
          error: 'https://host/path/{id}, or http:// on this machine',
        },
      ),
    /** The path of the state in the answer, and what its words mean: a word without a meaning is unknown. */
    state: jsonPath,
    statuses: z.record(z.string().min(1), z.enum(JOB_STATES)),
    /** The state where the answer has nothing at `state`. Never an end: nothing proves one. */
    absent: z.enum(ACTIVE_STATES).optional(),
    /** The form of the answer that there is no such job, where it is not a 404 that names the job. */
    gone: z.strictObject({ path: jsonPath, is: words }).optional(),
    startedAt: timeInAnswer.optional(),
    endedAt: timeInAnswer.optional(),
    error: jsonPath.optional(),
    /** A header with a secret, and the environment variable of the function that holds it. */
    header: z
      .strictObject({
        name: z.string().regex(/^[A-Za-z0-9-]+$/, { error: 'the name of a header' }),
        variable: z.string().regex(/^[A-Z][A-Z0-9_]*$/, { error: 'the name of an environment variable' }),
      })
      .optional(),
  }),
  permissions: {},
} satisfies BackendKind;
export type HttpSettings = z.infer<(typeof http)['settings']>;

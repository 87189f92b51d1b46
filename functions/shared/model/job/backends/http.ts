import { z } from 'zod';
import { zone, zoneOnlyOfText } from '../../forms.ts';
import { jsonPath } from '../../reading/json-path.ts';
import { JSON_TIME_TYPES } from '../../reading/reading.ts';
import { ACTIVE_STATES, JOB_STATES } from '../states.ts';
import type { BackendKind } from './backend-kind.ts';

/** A time in an answer: where it stands and how it is written; a path alone is one of ISO text. */
const timeInAnswer = z.preprocess(
  (given) => (typeof given === 'string' ? { path: given } : given),
  z
    .strictObject({ path: jsonPath, type: z.enum(JSON_TIME_TYPES).default('iso'), zone: zone.optional() })
    .superRefine(zoneOnlyOfText),
);
export type TimeInAnswer = z.infer<typeof timeInAnswer>;

/** One word, or several; a number or true and false are words, too. */
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
    /** Where in the answer the state stands, and what its words mean; a word that is not here is unknown. */
    state: jsonPath,
    statuses: z.record(z.string().min(1), z.enum(JOB_STATES)),
    /** What a job is where nothing stands at `state`; never an end, which an empty answer cannot prove. */
    absent: z.enum(ACTIVE_STATES).optional(),
    /** What an answer says where there is no such job, for endpoints that say so otherwise than by a 404 that names the job. */
    gone: z.strictObject({ path: jsonPath, is: words }).optional(),
    startedAt: timeInAnswer.optional(),
    endedAt: timeInAnswer.optional(),
    error: jsonPath.optional(),
    /** A header with a secret, which is in an environment variable of the function. */
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

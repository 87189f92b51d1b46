import { z } from 'zod';
import { region, zone, zoneOnlyOfText } from '../forms.ts';
import { jsonPath } from '../reading/json-path.ts';
import { JSON_TIME_TYPES } from '../reading/reading.ts';
import { ACTIVE_STATES, JOB_STATES, type JobState } from './states.ts';

/** A backend is the system that really runs a job; the truth is what it says about it, and when it was asked. */

/** A time in an answer: where it stands and how it is told; a path alone is one of ISO text. */
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

const google = {
  /** The project of ids that are no full resource names; Nightshift's own unless named. */
  googleProject: z.string().min(1).optional(),
  /** The region of ids that are no full resource names. */
  region: region.optional(),
};

/** Where a source's jobs really run, as settings.json has it. `backendId` of a job is its name there. */
export const backendSchema = z.discriminatedUnion('kind', [
  /** `projects/P/locations/R/customJobs/ID`, or the ID. */
  z.strictObject({ kind: z.literal('vertex-ai'), ...google }),
  /** `projects/P/locations/R/jobs/J/executions/E`, or `J/executions/E`, or `E`. */
  z.strictObject({ kind: z.literal('cloud-run'), ...google }),
  /** `projects/P/locations/R/builds/ID`, or the ID; of no region, a build is `global`. */
  z.strictObject({ kind: z.literal('cloud-build'), ...google }),
  z.strictObject({
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
    /** What a job is where nothing stands at `state`; that it ended, nobody can tell from nothing. */
    absent: z.enum(ACTIVE_STATES).optional(),
    /** What an answer says where there is no such job, for those that tell it otherwise than by a 404 that names the job. */
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
]);
export type BackendSettings = z.infer<typeof backendSchema>;

/**
 * Whether the settings and the job's id name in full where it runs. An address of an HTTP endpoint, a region and a project
 * that nobody named are `guessed`.
 */
export const PLACED = ['named', 'guessed'] as const;
export type Placed = (typeof PLACED)[number];

/** What a backend says about one job. */
export interface Truth {
  /** `gone`: a definite answer to a question after this very job that there is none. `unknown`: nobody can tell. */
  state: JobState | 'gone' | 'unknown';
  startedAt: Date | null;
  endedAt: Date | null;
  /**
   * The times that it told and nobody can read, in words that name where each stands and what it is; `null` where there are
   * none. They are `null` above, and must not be taken for absent: a job that has ended is `unknown` with one of them.
   */
  unreadable: string | null;
  /** Where it was asked: what `guessed` places know nothing of may well be somewhere else. */
  placed: Placed;
  /** Why it failed, in the backend's words. */
  error: string | null;
  askedAt: Date;
  /** What it said, or why nothing is known, in words: kept as evidence. */
  said: string;
}

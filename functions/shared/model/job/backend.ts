import { z } from 'zod';
import { cloudBuild } from './backends/cloud-build.ts';
import { cloudRun } from './backends/cloud-run.ts';
import { http } from './backends/http.ts';
import { vertexAi } from './backends/vertex-ai.ts';
import type { JobState } from './states.ts';

/** A backend is the system that really runs a job. The truth is its answer about the job, and when it was asked. */

/**
 * The kinds of backend, one line each. The file of a kind holds what is known without asking it; its folder in
 * shared/cloud/backends/ asks it, and does not compile until open-backend.ts there has a line for it, too.
 */
export const BACKENDS = { 'vertex-ai': vertexAi, 'cloud-run': cloudRun, 'cloud-build': cloudBuild, http };

type AnySchema = (typeof BACKENDS)[keyof typeof BACKENDS]['settings'];
const schemas = Object.values(BACKENDS).map(({ settings }) => settings) as [AnySchema, ...AnySchema[]];

/** The backend of a source, as settings.json has it. The `backendId` of a job is its name there. */
export const backendSchema = z.discriminatedUnion('kind', schemas);
export type BackendSettings = z.infer<typeof backendSchema>;
/** The settings of one kind. */
export type SettingsOf<Kind extends BackendSettings['kind']> = Extract<BackendSettings, { kind: Kind }>;

/** The Google APIs that backends are asked through. */
export type BackendApi = {
  [Kind in keyof typeof BACKENDS]: keyof (typeof BACKENDS)[Kind]['permissions'];
}[keyof typeof BACKENDS];

/**
 * How sure the place is where a job was looked for. `named`: the settings or the job's id name project and region.
 * `guessed`: they do not, or it is the address of an HTTP endpoint, which may be wrong.
 */
export const PLACED = ['named', 'guessed'] as const;
export type Placed = (typeof PLACED)[number];

/** A backend's answer about one job. */
export interface Truth {
  /** `gone`: the backend was asked about this very job and has none. `unknown`: its state could not be found out. */
  state: JobState | 'gone' | 'unknown';
  /** The answer named no state, and the settings say what that means: nothing shows that it is about a job at all. */
  assumed?: true;
  startedAt: Date | null;
  endedAt: Date | null;
  /**
   * The times in the answer that are unreadable, in words that name the path and the value of each; `null` for none. Such a
   * time is `null` above, and must not be treated as absent: a job that has ended is `unknown` with one of them.
   */
  unreadable: string | null;
  /** A job that is `gone` from a `guessed` place may well be somewhere else. */
  placed: Placed;
  /** Why it failed, in the backend's words. */
  error: string | null;
  askedAt: Date;
  /** The answer in words, or why there is none: kept as evidence. */
  said: string;
}

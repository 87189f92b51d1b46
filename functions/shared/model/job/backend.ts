import { z } from 'zod';
import { cloudBuild } from './backends/cloud-build.ts';
import { cloudRun } from './backends/cloud-run.ts';
import { http } from './backends/http.ts';
import { vertexAi } from './backends/vertex-ai.ts';
import type { JobState } from './states.ts';

/** A backend is the system that really runs a job; the truth is what it says about it, and when it was asked. */

/**
 * The kinds of backend, one line each: what is known of one without asking it is in its file, and its folder in
 * shared/cloud/backends/ asks it. Whatever a kind leaves out does not compile.
 */
export const BACKENDS = { 'vertex-ai': vertexAi, 'cloud-run': cloudRun, 'cloud-build': cloudBuild, http };

type AnySchema = (typeof BACKENDS)[keyof typeof BACKENDS]['settings'];
const schemas = Object.values(BACKENDS).map(({ settings }) => settings) as [AnySchema, ...AnySchema[]];

/** Where a source's jobs really run, as settings.json has it. `backendId` of a job is its name there. */
export const backendSchema = z.discriminatedUnion('kind', schemas);
export type BackendSettings = z.infer<typeof backendSchema>;
/** The settings of one kind. */
export type SettingsOf<Kind extends BackendSettings['kind']> = Extract<BackendSettings, { kind: Kind }>;

/** The Google APIs that backends are asked through. */
export type BackendApi = {
  [Kind in keyof typeof BACKENDS]: keyof (typeof BACKENDS)[Kind]['permissions'];
}[keyof typeof BACKENDS];

/**
 * Whether the settings and the job's id name in full where it runs. An address of an HTTP endpoint, a region and a project
 * that are not named are `guessed`.
 */
export const PLACED = ['named', 'guessed'] as const;
export type Placed = (typeof PLACED)[number];

/** What a backend says about one job. */
export interface Truth {
  /** `gone`: a definite answer to a question after this very job that there is none. `unknown`: it could not be found out. */
  state: JobState | 'gone' | 'unknown';
  startedAt: Date | null;
  endedAt: Date | null;
  /**
   * The times in its answer that cannot be read, in words that name where each stands and what it is; `null` where there are
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

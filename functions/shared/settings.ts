import { readFileSync } from 'node:fs';
import { z } from 'zod';
import builtInSettings from '../settings.json' with { type: 'json' };
import type { Environment } from './environment.ts';
import { InvalidConfiguration, messageOf } from './errors.ts';
import { artifactPolicySchema } from './model/cleanup/policy.ts';
import { type PlatformSettings, type PlatformSource, perSource, SECTIONS } from './model/day/platform.ts';
import { deadlineSeconds } from './model/day/sections/section.ts';
import { baseUrl } from './model/forms.ts';
import { API_NAMES } from './model/google-apis.ts';
import { overlapsOf } from './model/job/overlap.ts';
import { sourceSchema } from './model/job/source.ts';
import type { EndRules } from './model/run/ending.ts';
import { runRetentionSchema } from './model/run/retention.ts';
import { workloadsSchema } from './model/workload/tables.ts';
import { parseWithProblems } from './problems.ts';

type PlatformShape = {
  [Source in PlatformSource]: z.ZodOptional<z.ZodType<PlatformSettings[Source]>>;
};

/** What of the platform around the jobs is looked at; a source that is not named is not asked. */
const metricsSchema = z.strictObject({
  /** How long one metric source may take for a day; the jobs' and ETL runs' own sources too. */
  deadlineSeconds: deadlineSeconds.default(60),
  ...perSource<PlatformShape>((source) => SECTIONS[source].settings.optional()),
});

const settingsSchema = z.strictObject({
  /** Put before the name of every collection of ours, so that two deployments can share a database. */
  collectionPrefix: z
    .string()
    .regex(/^[A-Za-z0-9_-]*$/, { error: 'letters, digits, _ and - only' })
    .default(''),
  /** Failures in a row, of one task or of one metric source, that open an alarm. */
  failuresBeforeAlarm: z.int().min(1).default(3),
  metrics: metricsSchema.default({ deadlineSeconds: 60 }),
  /** What of the jobs' artifacts may be deleted; nothing unless a bucket is named. */
  artifacts: artifactPolicySchema.prefault({}),
  /** What runs on the platform outside the records of jobs; no table unless named. */
  workloads: workloadsSchema.prefault({}),
  /** How long our own records are kept. */
  retention: z.strictObject({ runs: runRetentionSchema.prefault({}) }).prefault({}),
  /** In place of Google's own addresses: proxies, or stand-ins on this machine, which are sent no credentials. */
  baseUrls: z.partialRecord(z.enum(API_NAMES), baseUrl).default({}),
  sources: z
    .record(z.string().regex(/^[a-z][a-z0-9-]*$/, { error: 'a kebab-case name' }), sourceSchema)
    .refine((sources) => Object.keys(sources).length > 0, {
      message: 'No source',
      params: { expected: 'at least one collection of jobs' },
    }),
});

const ONCE =
  'each record in one source, else all of it counts twice: take one of them out, or narrow its collection';

/** What Nightshift looks after. */
export type Settings = z.infer<typeof settingsSchema>;

/** What the settings say about the end of a run. */
export function endRulesOf({ failuresBeforeAlarm, retention }: Settings): EndRules {
  return { failuresBeforeAlarm, retention: retention.runs };
}

/** The settings of this deployment. Throws InvalidConfiguration naming every bad key. */
export function loadSettings(environment: Environment): Settings {
  const given = environment.NIGHTSHIFT_SETTINGS;
  const file = given ?? 'functions/settings.json';
  const parsed = parseWithProblems(settingsSchema, given ? readJson(given) : builtInSettings);
  if (!parsed.ok) throw new InvalidConfiguration(file, parsed.problems);
  const home = {
    googleProject: environment.GOOGLE_CLOUD_PROJECT,
    database: environment.FIRESTORE_DATABASE,
  };
  const overlaps = overlapsOf(parsed.value.sources, home);
  if (overlaps.length === 0) return parsed.value;
  throw new InvalidConfiguration(
    file,
    overlaps.map(({ source, message }) => ({
      path: `sources.${source}.collection`,
      message,
      expected: ONCE,
    })),
  );
}

/** Reads a JSON file of configuration; a file that cannot be read or parsed is an InvalidConfiguration too. */
export function readJson(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    throw new InvalidConfiguration(file, [
      {
        path: '',
        message: messageOf(error),
        expected: 'a readable JSON file',
      },
    ]);
  }
}

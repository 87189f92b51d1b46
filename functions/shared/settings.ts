import { readFileSync } from 'node:fs';
import { z } from 'zod';
import builtInSettings from '../settings.json' with { type: 'json' };
import type { Environment } from './environment.ts';
import { InvalidConfiguration } from './errors.ts';
import { sourceSchema } from './model/source.ts';
import { parseWithProblems } from './problems.ts';

const settingsSchema = z.strictObject({
  /** Put before the name of every collection of ours, so that two deployments can share a database. */
  collectionPrefix: z.string().regex(/^[A-Za-z0-9_-]*$/, { error: 'letters, digits, _ and - only' }),
  /** Failures in a row of one task that open an alarm. */
  failuresBeforeAlarm: z.int().min(1),
  sources: z
    .record(z.string().regex(/^[a-z][a-z0-9-]*$/, { error: 'a kebab-case name' }), sourceSchema)
    .refine((sources) => Object.keys(sources).length > 0, {
      message: 'No source',
      params: { expected: 'at least one collection of jobs' },
    }),
});

/** What Nightshift looks after. */
export type Settings = z.infer<typeof settingsSchema>;

/** The settings of this deployment. Throws InvalidConfiguration naming every bad key. */
export function loadSettings(environment: Environment): Settings {
  const file = environment.NIGHTSHIFT_SETTINGS;
  const parsed = parseWithProblems(settingsSchema, file ? readJson(file) : builtInSettings);
  if (!parsed.ok) throw new InvalidConfiguration(file ?? 'functions/settings.json', parsed.problems);
  return parsed.value;
}

/** Reads a JSON file of configuration; a file that cannot be read or parsed is an InvalidConfiguration too. */
export function readJson(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    throw new InvalidConfiguration(file, [
      {
        path: '',
        message: error instanceof Error ? error.message : String(error),
        expected: 'a readable JSON file',
      },
    ]);
  }
}

import { z } from 'zod';

/** What differs per deployment and nothing else; all the rest is in catalog.json and settings.json. */
const environmentSchema = z.object({
  GOOGLE_CLOUD_PROJECT: z.string().min(1).default('nightshift-local'),
  /** `host:port` of a Firestore emulator; set, no real project is ever touched. */
  FIRESTORE_EMULATOR_HOST: z.string().min(1).optional(),
  /** Named database of Nightshift's own records. */
  FIRESTORE_DATABASE: z.string().min(1).default('(default)'),
  /** Path of a settings file used in place of functions/settings.json. */
  NIGHTSHIFT_SETTINGS: z.string().min(1).optional(),
  /** Path of a catalogue used in place of functions/catalog.json. */
  NIGHTSHIFT_CATALOG: z.string().min(1).optional(),
  /** Region of the deployment; stored in the health record. */
  NIGHTSHIFT_REGION: z.string().min(1).optional(),
  /** Address of the function observe-workloads, which refreshes its tables for whoever looks at them. */
  NIGHTSHIFT_OBSERVER_URL: z.url().optional(),
  /** File that holds how many milliseconds the clock is set ahead; only beside a Firestore emulator. */
  NIGHTSHIFT_CLOCK_FILE: z.string().min(1).optional(),
  K_SERVICE: z.string().optional(),
  K_REVISION: z.string().optional(),
});

export type Environment = z.infer<typeof environmentSchema>;

/** Reads the environment; the only reader of `process.env` below `functions/`. Empty variables count as unset. */
export function readEnvironment(variables: NodeJS.ProcessEnv = process.env): Environment {
  const set = Object.fromEntries(Object.entries(variables).filter(([, value]) => value !== ''));
  return environmentSchema.parse(set);
}

/** A variable that settings name, such as one with a secret. */
export function readVariable(name: string, variables: NodeJS.ProcessEnv = process.env): string | undefined {
  return variables[name] || undefined;
}

import type { TestContext } from 'node:test';
import { createLog } from '../../functions/shared/log.ts';
import {
  type GoogleApis,
  type GoogleApisOptions,
  startGoogleApis,
} from '../../scripts/stack/stand-ins/google/apis.ts';
import type { PlatformWorld } from '../../scripts/stack/stand-ins/google/world.ts';

export const PROJECT = 'acme-ml';

/** Time enough for a call on a busy machine. */
export const LIMITS = { limitMs: 10_000 };

/** Retries without waits worth speaking of. */
export const AT_ONCE = { baseMs: 1, capMs: 2 };

/** Google's APIs over `world`, gone when the test is over. */
export async function googleApis(
  context: TestContext,
  world: PlatformWorld,
  options?: GoogleApisOptions,
): Promise<GoogleApis> {
  const apis = await startGoogleApis(world, options);
  context.after(() => apis.stop());
  return apis;
}

/** A log, and what was written to it: each line as an object. */
export function recordedLog() {
  const lines: Record<string, unknown>[] = [];
  return { log: createLog({}, (line) => void lines.push(JSON.parse(line))), lines };
}

/** What a promise rejects with. Throws when it does not. */
export async function rejection(promise: Promise<unknown>): Promise<Error> {
  try {
    await promise;
  } catch (error) {
    return error as Error;
  }
  throw new Error('Cannot take the rejection: the promise was fulfilled');
}

/** How W&B is asked where the settings do not name it. */
export const NO_WANDB = { log: createLog({}, () => {}), variable: () => undefined, standInsOnly: true };

import { accessSync, constants, lstatSync, mkdirSync } from 'node:fs';
import { isAbsolute, join, resolve } from 'node:path';

/** Where the outbox is, by the flag, the environment, or the custom of the system. */
export function outboxPlace(flag: string | undefined, env: NodeJS.ProcessEnv): string {
  const named = flag || env.NIGHTSHIFT_OUTBOX;
  if (named) return resolve(named);
  const state = env.XDG_STATE_HOME;
  if (state && isAbsolute(state)) return join(state, 'nightshift/outbox');
  return `/tmp/nightshift-${process.getuid?.() ?? 0}`;
}

/**
 * Makes the folder if it is missing; throws where it cannot be used. In /tmp anybody may have put a folder or a link of
 * that name, and would read our reports, or have us write where the link leads.
 */
export function openPlace(dir: string): void {
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  if (/^\/tmp\/nightshift-\d+$/.test(dir)) {
    const found = lstatSync(dir);
    if (!found.isDirectory()) throw new Error('is no folder');
    if (found.uid !== process.getuid?.()) throw new Error('belongs to somebody else');
  }
  accessSync(dir, constants.R_OK | constants.W_OK | constants.X_OK);
}

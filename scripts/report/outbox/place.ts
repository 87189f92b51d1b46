import { accessSync, constants, existsSync, lstatSync, mkdirSync } from 'node:fs';
import { dirname, isAbsolute, join, resolve } from 'node:path';

/** Where the outbox is, by the flag, the environment, or the custom of the system. */
export function outboxPlace(flag: string | undefined, env: NodeJS.ProcessEnv): string {
  const named = flag || env.NIGHTSHIFT_OUTBOX;
  if (named) return resolve(named);
  const state = env.XDG_STATE_HOME;
  if (state && isAbsolute(state)) return join(state, 'nightshift/outbox');
  return `/tmp/nightshift-${process.getuid?.() ?? 0}`;
}

/** Makes the folder if it is missing; throws where it cannot be used. */
export function openPlace(dir: string): void {
  makeFolders(dir);
  checkOwner(dir);
  accessSync(dir, constants.R_OK | constants.W_OK | constants.X_OK);
}

/**
 * Throws where the folder is not ours to trust. In /tmp anybody may have put a folder or a link of that name: they would
 * read our reports, have us write where the link leads, or send to where their files say.
 */
export function checkOwner(dir: string): void {
  if (!/^\/tmp\/nightshift-\d+$/.test(dir)) return;
  const found = lstatSync(dir, { throwIfNoEntry: false });
  if (!found) return;
  if (!found.isDirectory()) throw new Error('is no folder');
  if (found.uid !== process.getuid?.()) throw new Error('belongs to somebody else');
}

/** One by one: where a file system denies that a parent exists which does, Node's recursive mkdir never returns. */
function makeFolders(dir: string): void {
  const missing: string[] = [];
  for (let at = dir; !existsSync(at); at = dirname(at)) missing.unshift(at);
  for (const folder of missing)
    try {
      mkdirSync(folder, { mode: 0o700 });
    } catch (error) {
      // Somebody else was faster.
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
}

import { mkdirSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The project's own folder. */
export const ROOT = resolve(import.meta.dirname, '../..');

/** The program that serves a function: the Functions Framework. */
export const FRAMEWORK = fileURLToPath(
  new URL('main.js', import.meta.resolve('@google-cloud/functions-framework')),
);

/** Where a stack keeps its state file and logs: `.nightshift` in the project, or NIGHTSHIFT_STATE_DIR for a second home. */
export function stateFolder(env: NodeJS.ProcessEnv = process.env): string {
  return resolve(env.NIGHTSHIFT_STATE_DIR || join(ROOT, '.nightshift'));
}

/** The folder of the logs, made when missing. */
export function logFolder(env: NodeJS.ProcessEnv = process.env): string {
  const folder = join(stateFolder(env), 'logs');
  mkdirSync(folder, { recursive: true });
  return folder;
}

/** A path as a person in `process.cwd()` would type it. */
export function shortPath(path: string): string {
  const short = relative(process.cwd(), path);
  return short && !short.startsWith('..') ? short : path;
}

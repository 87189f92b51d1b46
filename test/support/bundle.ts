import { execFile } from 'node:child_process';
import { readdirSync, readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import type { Metafile } from 'esbuild';
import { buildAll } from '../../scripts/build/main.ts';
import { ROOT } from '../../scripts/shared/places.ts';
import { freshFolder } from './folders.ts';

/**
 * A folder of what is deployed: the bundles in `dist/`, the packages beside it as the framework has them. It is that of
 * NIGHTSHIFT_TEST_BUNDLES, which the gate has built for all its tests; without it one is built.
 */
export async function builtBundles(): Promise<string> {
  const built = process.env.NIGHTSHIFT_TEST_BUNDLES;
  if (built) return built;
  const folder = freshFolder();
  await buildBundles(folder);
  return folder;
}

/** Builds all that is deployed into `dist/` of an empty folder. */
async function buildBundles(folder: string): Promise<void> {
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'), 'junction');
  await buildAll(join(folder, 'dist'));
}

if (import.meta.main) await buildBundles(process.argv[2] ?? freshFolder());

/** What a bundle is made of, by the metafile of esbuild. */
type Inputs = Metafile['inputs'];

/** Where the package is that a file belongs to, such as `node_modules/a/node_modules/b`; our own files have none. */
export function packageFolderOf(path: string): string {
  return /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path)?.[0] ?? '';
}

/** The name of the package that a file belongs to; empty for our own. */
export function packageOf(path: string): string {
  return packageFolderOf(path).split('node_modules/').at(-1) ?? '';
}

/** The names of the packages that load `name`, sorted. */
export function usersOf(name: string, inputs: Inputs): string[] {
  const users = Object.entries(inputs)
    .filter(([, { imports }]) => imports.some(({ path }) => packageOf(path) === name))
    .map(([path]) => packageOf(path));
  return [...new Set(users)].filter((user) => user !== name).sort();
}

/** The files that are loaded from `entry` on without a file of the package `without`. */
export function filesWithout(without: string, entry: string, inputs: Inputs): Set<string> {
  const found = new Set([entry]);
  // A set hands out what is added to it meanwhile.
  for (const path of found)
    for (const next of inputs[path]?.imports ?? [])
      if (packageOf(next.path) !== without) found.add(next.path);
  return found;
}

/**
 * Loads the bundle in `folder` in a process of its own, and tells of each of its modules whether that evaluated it.
 * Modules that are evaluated when they are first needed are functions named by their path; V8 counts their calls.
 */
export async function modulesEvaluated(
  folder: string,
  environment: Record<string, string>,
): Promise<Map<string, boolean>> {
  const counts = freshFolder();
  const env = { ...process.env, METADATA_SERVER_DETECTION: 'none', ...environment, NODE_V8_COVERAGE: counts };
  const code = `require(${JSON.stringify(folder)})`;
  await promisify(execFile)(process.execPath, ['-e', code], { env });
  const url = pathToFileURL(join(folder, 'index.js')).href;
  const scripts = readdirSync(counts).flatMap(
    (file): V8Script[] => JSON.parse(readFileSync(join(counts, file), 'utf8')).result,
  );
  const functions = scripts.find((script) => script.url === url)?.functions ?? [];
  return new Map(
    functions
      .filter(({ functionName }) => functionName.includes('/'))
      .map(({ functionName, ranges }) => [functionName, (ranges[0]?.count ?? 0) > 0]),
  );
}

interface V8Script {
  url: string;
  functions: { functionName: string; ranges: { count: number }[] }[];
}

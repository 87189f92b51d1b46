import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build, type Metafile } from 'esbuild';
import { ROOT } from '../shared/places.ts';
import { leaveOut } from './leave-out.ts';
import { type Lock, lockOf, type Manifest } from './lock.ts';
import { putInPage } from './page/put-in.ts';

const FRAMEWORK = '@google-cloud/functions-framework';

/**
 * Bundles the function that `entryFile` registers into `folder`, ready to be deployed: `index.js`, and a `package.json`
 * with its lock that demand the Functions Framework alone. Returns what went into it.
 */
export async function bundle(entryFile: string, name: string, folder: string): Promise<Metafile> {
  const { metafile } = await build({
    absWorkingDir: ROOT,
    entryPoints: [entryFile],
    outfile: join(folder, 'index.js'),
    bundle: true,
    platform: 'node',
    target: 'node24',
    // gRPC's packages look for themselves by `__dirname`, which an ES module has not.
    format: 'cjs',
    // A second copy would have a registry of its own, in which the framework does not find our function.
    external: [FRAMEWORK],
    // Names stay, so that the stacks in records and Error Reporting name our functions; it costs no start-up time.
    minifyWhitespace: true,
    minifySyntax: true,
    // Node prints the line that an uncaught error was thrown in: that must not be the whole bundle.
    lineLimit: 200,
    metafile: true,
    logLevel: 'silent',
    plugins: [leaveOut(), putInPage()],
  });
  const manifest = manifestOf(name);
  mkdirSync(folder, { recursive: true });
  writeJson(join(folder, 'package.json'), manifest);
  writeJson(join(folder, 'package-lock.json'), lockOf(manifest, readJson('package-lock.json') as Lock));
  return metafile;
}

/** Writes `value` as JSON that people can read. */
export function writeJson(file: string, value: unknown): void {
  writeFileSync(file, `${JSON.stringify(value, null, 2)}\n`);
}

function manifestOf(name: string): Manifest {
  const { version, dependencies } = readJson('package.json') as Manifest;
  return {
    name,
    version,
    private: true,
    main: 'index.js',
    engines: { node: '24.x' },
    dependencies: { [FRAMEWORK]: dependencies[FRAMEWORK] as string },
  };
}

function readJson(file: string): unknown {
  return JSON.parse(readFileSync(join(ROOT, file), 'utf8'));
}

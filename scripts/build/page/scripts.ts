import { basename } from 'node:path';
import { build } from 'esbuild';
import type { Inputs } from './package-bytes.ts';

/** Those that know `light-dark()`. */
export const TARGET = ['es2022', 'chrome123', 'firefox121', 'safari17.5'];

/**
 * Lets Chrome compile all of it while it loads, beside the main thread, and not function by function when each is first called:
 * nearly all of them are. https://explainers-by-googlers.github.io/explicit-javascript-compile-hints-file-based/
 */
const COMPILE_AT_ONCE = '//# allFunctionsCalledOnLoad';

/** A built script, and what went into it. */
export interface Script {
  /** Its file, with a hash of the content. */
  name: string;
  text: string;
  inputs: Inputs;
}

/** The page's scripts: the one that its first view needs, and the one that is loaded once that is there. */
export interface Scripts {
  first: Script;
  rest: Script;
}

/**
 * Bundles the page below `folder`. The rest imports the main file, too: then both need all that the first view needs, and
 * esbuild puts it into one script. By itself it would put what they share into another, which the first view would wait for.
 */
export async function bundleScripts(folder: string): Promise<Scripts> {
  const { outputFiles, metafile } = await build({
    absWorkingDir: folder,
    entryPoints: ['client/main.tsx', 'client/rest.tsx'],
    bundle: true,
    splitting: true,
    minify: true,
    format: 'esm',
    jsx: 'automatic',
    jsxImportSource: 'preact',
    target: TARGET,
    legalComments: 'none',
    metafile: true,
    write: false,
    outdir: 'unused',
    entryNames: '[name]-[hash]',
    chunkNames: 'page-[hash]',
    logLevel: 'silent',
  });
  const scriptOf = (prefix: string): Script => {
    const [path = '', output] =
      Object.entries(metafile.outputs).find(([name]) => basename(name).startsWith(prefix)) ?? [];
    const file = outputFiles.find((one) => basename(one.path) === basename(path));
    if (!output || !file) throw new Error(`Cannot build the page: there is no script ${prefix}...`);
    return { name: basename(path), text: file.text, inputs: output.inputs };
  };
  const [main, ...others] = scriptOf('main-')
    .text.split(';')
    .filter((statement) => statement.trim() !== '');
  if (!main?.startsWith('import') || others.length > 0)
    throw new Error(
      'Cannot build the page: the main script holds more than the import of what the rest shares',
    );
  const first = scriptOf('page-');
  return {
    first: { name: first.name, text: `${COMPILE_AT_ONCE}\n${first.text}`, inputs: first.inputs },
    rest: scriptOf('rest-'),
  };
}

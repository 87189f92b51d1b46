import { chmodSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import { ROOT } from '../shared/places.ts';

/** One file that any machine with Node 22 runs, without anything beside it. */
export const REPORTER = 'nightshift-report.cjs';

/** Builds the reporter's command into `folder`; returns the line of the report about it. */
export async function buildReporter(folder: string): Promise<string> {
  const outfile = join(folder, REPORTER);
  await build({
    absWorkingDir: ROOT,
    entryPoints: ['scripts/report/main.ts'],
    outfile,
    bundle: true,
    platform: 'node',
    target: 'node22',
    // Starts sooner than an ES module, and so does what it loads later.
    format: 'cjs',
    supported: { 'dynamic-import': false },
    banner: { js: '#!/usr/bin/env node' },
    minifyWhitespace: true,
    minifySyntax: true,
    lineLimit: 200,
    // To have none is what it promises.
    external: [],
    logLevel: 'silent',
  });
  chmodSync(outfile, 0o755);
  return `${REPORTER}: ${Math.round(statSync(outfile).size / 1_000)} KB, for any machine with Node 22`;
}

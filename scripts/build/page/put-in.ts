import { readFileSync } from 'node:fs';
import type { Plugin } from 'esbuild';
import { buildPage } from './page.ts';

/** An esbuild plugin that puts the built page into a function that serves it: what is deployed is one file. */
export function putInPage(): Plugin {
  return {
    name: 'put-in-page',
    setup(build) {
      build.onLoad({ filter: /\/functions\/status\/page\/assets\.ts$/ }, async ({ path }) => {
        const { assets } = await buildPage();
        const contents = `const BUILT_PAGE = ${JSON.stringify(assets)};\n${readFileSync(path, 'utf8')}`;
        return { contents, loader: 'ts' };
      });
    },
  };
}

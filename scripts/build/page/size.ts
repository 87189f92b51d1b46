import { gzipSync } from 'node:zlib';
import type { Metafile } from 'esbuild';
import { packageBytes } from './package-bytes.ts';

/** The most bytes that script and style of the page may take together, gzipped: what a phone on a poor line loads in a blink. */
export const MOST_BYTES = 24 * 1024;

/** A bundle, and what went into it. */
export interface Bundled {
  text: string;
  metafile: Metafile;
}

/** Bytes of script and style, gzipped, and of what the script is made, in lines for a person. */
export interface PageSize {
  script: number;
  style: number;
  lines: string[];
}

/** The page's size; throws, with the bytes of each package, when it is over its budget. */
export function checkSize(script: Bundled, style: Bundled, most: number = MOST_BYTES): PageSize {
  const zipped = ({ text }: Bundled) => gzipSync(text, { level: 9 }).length;
  const bytes = { script: zipped(script), style: zipped(style) };
  const packages = [...packageBytes(script.metafile)].sort(([, a], [, b]) => b - a);
  const lines = [
    `page: script ${bytes.script} and style ${bytes.style} bytes gzipped, at most ${most} together`,
    ...packages.map(([name, size]) => `  ${String(size).padStart(8)}  ${name}, minified`),
  ];
  if (bytes.script + bytes.style > most)
    throw new Error(`Cannot build the page: it is too large\n${lines.join('\n')}`);
  return { ...bytes, lines };
}

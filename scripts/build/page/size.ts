import { gzipSync } from 'node:zlib';
import { packageBytes } from './package-bytes.ts';
import type { Script, Scripts } from './scripts.ts';

/** The most bytes, gzipped, of script and style that a first view needs: what a phone on a poor line loads in a blink. */
export const MOST_BYTES = 24 * 1024;
/** The most bytes, gzipped, of script and style that are loaded once that is there. */
export const MOST_LATER_BYTES = 16 * 1024;

/** What the size of the page follows from. */
export interface Measured extends Scripts {
  style: string;
  restStyle: string;
}

/** Bytes, gzipped, and of what the scripts are made, in lines for a person. */
export interface PageSize {
  script: number;
  style: number;
  /** Of script and style that no first view waits for. */
  rest: number;
  lines: string[];
}

/** The page's size; throws, with the bytes of each package, when either of its parts is over its budget. */
export function checkSize(
  { first, rest, style, restStyle }: Measured,
  most = MOST_BYTES,
  mostLater = MOST_LATER_BYTES,
): PageSize {
  const bytes = {
    script: zipped(first.text),
    style: zipped(style),
    rest: zipped(rest.text) + zipped(restStyle),
  };
  const lines = [
    `page: script ${bytes.script} and style ${bytes.style} bytes gzipped, at most ${most} together`,
    ...packageLines(first),
    `page, after its first view: ${bytes.rest} bytes gzipped, at most ${mostLater}`,
    ...packageLines(rest),
  ];
  if (bytes.script + bytes.style > most || bytes.rest > mostLater)
    throw new Error(`Cannot build the page: it is too large\n${lines.join('\n')}`);
  return { ...bytes, lines };
}

function zipped(text: string): number {
  return gzipSync(text, { level: 9 }).length;
}

function packageLines({ inputs }: Script): string[] {
  const packages = [...packageBytes([inputs])].sort(([, a], [, b]) => b - a);
  return packages.map(([name, size]) => `  ${String(size).padStart(8)}  ${name}, minified`);
}

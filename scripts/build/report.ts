import { readFileSync } from 'node:fs';
import type { Metafile } from 'esbuild';

const TOLD = 6;

/** How large a bundle and its archive are and what of, as lines for a person. */
export function sizeReport(task: string, file: string, archiveBytes: number, metafile: Metafile): string[] {
  const code = readFileSync(file);
  const packages = [...packageBytes(metafile)].sort(([, a], [, b]) => b - a);
  const rest = packages.slice(TOLD).reduce((sum, [, bytes]) => sum + bytes, 0);
  return [
    `${task}: ${kilobytes(code.length)}, ${kilobytes(archiveBytes)} as archive`,
    ...packages.slice(0, TOLD).map(([name, bytes]) => `  ${kilobytes(bytes).padStart(8)}  ${name}`),
    `  ${kilobytes(rest).padStart(8)}  ${packages.length - TOLD} other packages`,
  ];
}

/** Bytes of each package in the bundle; our own code is `nightshift`. */
export function packageBytes(metafile: Metafile): Map<string, number> {
  const bytes = new Map<string, number>();
  for (const { inputs } of Object.values(metafile.outputs))
    for (const [path, { bytesInOutput }] of Object.entries(inputs)) {
      const name = /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1] ?? 'nightshift';
      bytes.set(name, (bytes.get(name) ?? 0) + bytesInOutput);
    }
  return bytes;
}

function kilobytes(bytes: number): string {
  return `${Math.round(bytes / 1000).toLocaleString('en')} KB`;
}

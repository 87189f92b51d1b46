import { readFileSync } from 'node:fs';
import type { Metafile } from 'esbuild';
import { packageBytes } from './page/package-bytes.ts';

const TOLD = 6;

/** How large a bundle and its archive are and what of, as lines for a person. */
export function sizeReport(task: string, file: string, archiveBytes: number, metafile: Metafile): string[] {
  const code = readFileSync(file);
  const packages = [...packageBytes(Object.values(metafile.outputs).map(({ inputs }) => inputs))].sort(
    ([, a], [, b]) => b - a,
  );
  const rest = packages.slice(TOLD).reduce((sum, [, bytes]) => sum + bytes, 0);
  return [
    `${task}: ${kilobytes(code.length)}, ${kilobytes(archiveBytes)} as archive`,
    ...packages.slice(0, TOLD).map(([name, bytes]) => `  ${kilobytes(bytes).padStart(8)}  ${name}`),
    `  ${kilobytes(rest).padStart(8)}  ${packages.length - TOLD} other packages`,
  ];
}

function kilobytes(bytes: number): string {
  return `${Math.round(bytes / 1000).toLocaleString('en')} KB`;
}

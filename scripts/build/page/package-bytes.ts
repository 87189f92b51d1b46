import type { Metafile } from 'esbuild';

/** What went into one file of a bundle. */
export type Inputs = Metafile['outputs'][string]['inputs'];

/** Bytes of each package in files of a bundle; our own code is `nightshift`. */
export function packageBytes(files: readonly Inputs[]): Map<string, number> {
  const bytes = new Map<string, number>();
  for (const inputs of files)
    for (const [path, { bytesInOutput }] of Object.entries(inputs)) {
      const name = /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1] ?? 'nightshift';
      bytes.set(name, (bytes.get(name) ?? 0) + bytesInOutput);
    }
  return bytes;
}

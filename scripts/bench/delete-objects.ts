import { DELETERS } from './deleters.ts';

/** The process of one deleter: deletes, and tells whoever forked it what that took. */

export interface Told {
  deleted: number;
  seconds: number;
  cpuMicros: number;
  /** The most memory that the process has held. */
  peakBytes: number;
}

async function main([name = '', baseUrl = '']: string[]): Promise<void> {
  const deleter = DELETERS[name];
  if (!deleter) throw new TypeError(`Nobody who deletes is called "${name}"`);
  const before = process.cpuUsage();
  const began = performance.now();
  const deleted = await deleter(baseUrl);
  const seconds = (performance.now() - began) / 1_000;
  const { user, system } = process.cpuUsage(before);
  const peakBytes = process.resourceUsage().maxRSS * 1024;
  process.send?.({ deleted, seconds, cpuMicros: user + system, peakBytes } satisfies Told, () =>
    process.exit(0),
  );
}

main(process.argv.slice(2)).catch((error: unknown) => {
  console.error(error);
  process.exit(1);
});

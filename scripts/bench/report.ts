import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Bench, BenchContext, Measured } from './bench.ts';
import { reportCommand } from './report-command.ts';
import { reportsTaken } from './reports-taken.ts';

/** What each part measures, in a folder of its own. */
const PARTS = { command: reportCommand, service: reportsTaken };

/** Both ends of a report: what the command costs a job, and how many reports the function takes a second. */
export const report: Bench = async (context: BenchContext): Promise<Measured> => {
  const measured: Measured[] = [];
  for (const [name, part] of Object.entries(PARTS)) {
    const folder = join(context.folder, name);
    mkdirSync(folder);
    measured.push(await part({ ...context, folder }));
  }
  return {
    rows: measured.flatMap(({ rows }) => rows),
    ratios: Object.assign({}, ...measured.map(({ ratios }) => ratios)),
    peakMemoryBytes: Math.max(...measured.map(({ peakMemoryBytes }) => peakMemoryBytes)),
  };
};

import type { Bench } from './bench.ts';
import { reportCommand } from './report-command.ts';

/** Both ends of a report. */
export const report: Bench = reportCommand;

import type { Command } from 'commander';
import { HOUR_MS } from '../../functions/shared/dates.ts';
import { TERMINAL_STATES, type TerminalState } from '../../functions/shared/model/states.ts';
import { type CallOptions, call, confirmCall, tell } from './call.ts';
import { functionOf } from './function-place.ts';
import { oneOf, parseAge } from './options.ts';
import { usage } from './problem.ts';
import { whileSaying } from './waiting.ts';

/** The task whose function is called. */
const TASK = 'sweep-stale-jobs';

const HELP = `
Of each job that is silent or over its limits: what its record says, what its backend
says, the verdict, and why. A job of a source in mode observe is shown and left alone.

Examples:
  npm run -s ops -- sweep --dry-run
  npm run -s ops -- sweep --dry-run --source jobs --older-than 2h
  npm run -s ops -- sweep --job JOB --end failed --reason "the cluster is gone"`;

export interface SweepOptions extends CallOptions {
  dryRun?: true;
  source?: string;
  job?: string;
  end?: TerminalState;
  reason?: string;
  /** Milliseconds. */
  olderThan?: number;
}

/** Adds `sweep`: ends the records that lie, or shows which ones do. */
export function addSweep(program: Command): void {
  program
    .command('sweep')
    .description('end the job records that lie, or show which ones do and why')
    .option('--dry-run', 'show the verdicts and write nothing')
    .option('--source <source>', 'only the jobs of one source')
    .option('--job <id>', 'only this job, stale or not')
    .option('--older-than <age>', 'only jobs silent, or running, for so long: 90m, 1h, 2d', parseAge)
    .option('--end <state>', `end the job by hand: ${TERMINAL_STATES.join(', ')}`, (word) =>
      oneOf('end', word, TERMINAL_STATES),
    )
    .option('--reason <text>', 'why it is ended by hand, kept with the job')
    .option('--url <url>', 'call exactly this URL; a private one gets an ID token')
    .option('--yes', 'write to a real project without asking')
    .option('--json', 'print the answer as JSON')
    .addHelpText('after', HELP)
    .action(sweep);
}

async function sweep(options: SweepOptions): Promise<void> {
  const body = sweepBody(options);
  const place = await functionOf(TASK, options.url);
  if (!options.dryRun) await confirmCall(place, writesOf(options), options.yes);
  tell(await call(place, body, (work) => whileSaying('sweeping', work)), options);
}

/** The body to send. Throws when the flags make no sense together. */
export function sweepBody({
  dryRun,
  source,
  job,
  end,
  reason,
  olderThan,
}: Omit<SweepOptions, keyof CallOptions>): Record<string, unknown> {
  if (end !== undefined && job === undefined)
    throw usage('Cannot use --end: say of which job, with --job ID');
  if (end !== undefined && !reason?.trim()) throw usage('Cannot use --end: say why, with --reason TEXT');
  if (reason !== undefined && end === undefined)
    throw usage('Cannot use --reason: it is of a job that is ended by hand, with --end');
  if (olderThan !== undefined && job !== undefined)
    throw usage('Cannot use --older-than beside --job: the job is looked at whatever its age');
  return {
    ...(dryRun && { dryRun }),
    ...(source !== undefined && { source }),
    ...(job !== undefined && { jobId: job }),
    ...(end !== undefined && { end, reason }),
    ...(olderThan !== undefined && { olderThanHours: olderThan / HOUR_MS }),
  };
}

function writesOf({ job, end, source }: SweepOptions): string {
  if (end !== undefined) return `This ends ${job} as ${end}`;
  const which = job ?? (source === undefined ? 'every job' : `every job of ${source}`);
  return `This ends ${which} whose record lies`;
}

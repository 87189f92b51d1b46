import { HOUR_MS } from '../../../functions/shared/dates.ts';
import type { TerminalState } from '../../../functions/shared/model/job/states.ts';
import { fieldsOf } from '../../shared/objects.ts';
import { shell } from '../../shared/shell.ts';
import { cut } from '../../words/columns.ts';
import { firstLine } from '../../words/terminal.ts';
import { type CallOptions, call, printAnswer } from '../shared/call.ts';
import { confirmWrite, requireSomebody } from '../shared/confirm.ts';
import { type FunctionPlace, functionOf } from '../shared/function-place.ts';
import { operatorName } from '../shared/operator.ts';
import { usage } from '../shared/problem.ts';
import { whileSaying } from '../shared/waiting.ts';

/** The task whose function is called. */
const TASK = 'sweep-stale-jobs';
const LONGEST_NAME = 200;

export interface SweepOptions extends CallOptions {
  dryRun?: true;
  source?: string;
  job?: string;
  end?: TerminalState;
  undo?: true;
  reason?: string;
  /** Milliseconds. */
  olderThan?: number;
}

/** Has the function sweep, and prints what it concluded. */
export async function sweep(options: SweepOptions): Promise<void> {
  const asked = sweepBody(options);
  const place = await functionOf(TASK, options.url);
  const byHand = options.end !== undefined || options.undo;
  const body = byHand ? { ...asked, by: operatorName(place.isReal, shell().env) } : asked;
  if (!options.dryRun) {
    if (place.isReal && !options.yes) requireSomebody(`${writesOf(options)}, in ${place.words}`);
    const look = options.job === undefined ? {} : await lookAt(place, options);
    // Refused, as for a job that there is not: nothing is announced that would not be done.
    if (options.job !== undefined && look.outcome === undefined) return printAnswer(look, options);
    const alive = options.end === undefined ? null : whyAlive(look);
    const what = alive === null ? writesOf(options) : `${writesOf(options)}, although ${alive}`;
    await confirmWrite(place.isReal || alive !== null, `${what}, in ${place.words}`, options.yes);
  }
  printAnswer(await call(place, body, (work) => whileSaying('sweeping', work)), options);
}

/** What the function answers about a job, of which it writes nothing. */
function lookAt(place: FunctionPlace, { job, source }: SweepOptions): Promise<Record<string, unknown>> {
  const look = sweepBody({ dryRun: true, ...(job && { job }), ...(source && { source }) });
  return call(place, look, (work) => whileSaying('looking at it', work));
}

/** What speaks against ending a job by hand: that the sweep itself would keep it, for it is seen to run; else `null`. */
function whyAlive({ summary }: Record<string, unknown>): string | null {
  const { verdicts } = fieldsOf(summary);
  const rows = Array.isArray(verdicts) ? verdicts.map(fieldsOf) : [];
  const own = rows.find(({ execution }) => execution === null);
  const isSeen = own?.verdict === 'keep' && !['ended', 'taken-back'].includes(String(own.rule));
  return isSeen ? `the sweep keeps it: ${firstLine(String(own.because))}` : null;
}

/** The body to send. Throws when the flags make no sense together. */
export function sweepBody({
  dryRun,
  source,
  job,
  end,
  undo,
  reason,
  olderThan,
}: Omit<SweepOptions, keyof CallOptions>): Record<string, unknown> {
  if (end !== undefined && undo) throw usage('Cannot use --undo beside --end: either of them');
  const byHand = end === undefined ? undo && '--undo' : '--end';
  if (byHand && job === undefined) throw usage(`Cannot use ${byHand}: say of which job, with --job ID`);
  if (end !== undefined && !reason?.trim()) throw usage('Cannot use --end: say why, with --reason TEXT');
  if (reason !== undefined && !byHand)
    throw usage('Cannot use --reason: it is of a job that is ended by hand, with --end, or of an --undo');
  if (reason !== undefined && !reason.trim()) throw usage('Cannot use --reason: it says nothing');
  if (olderThan !== undefined && job !== undefined)
    throw usage('Cannot use --older-than beside --job: the job is looked at whatever its age');
  return {
    ...(dryRun && { dryRun }),
    ...(source !== undefined && { source }),
    ...(job !== undefined && { jobId: job }),
    ...(end !== undefined && { end }),
    ...(undo && { undo }),
    ...(reason !== undefined && { reason }),
    ...(olderThan !== undefined && { olderThanHours: olderThan / HOUR_MS }),
  };
}

function writesOf({ job: given, end, undo, source }: SweepOptions): string {
  const job = given === undefined ? undefined : cut(given, LONGEST_NAME);
  if (end !== undefined) return `This ends ${job} as ${end}`;
  if (undo) return `This takes back what was said of ${job}`;
  const which = job ?? (source === undefined ? 'every job' : `every job of ${source}`);
  return `This ends ${which} whose record lies`;
}

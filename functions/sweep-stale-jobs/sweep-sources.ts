import { HOUR_MS } from '../shared/dates.ts';
import { LeaseLost, messageOf } from '../shared/errors.ts';
import type { UnmappedStatus } from '../shared/model/job/sweep-checkpoint.ts';
import type { RunProblem } from '../shared/model/run/run.ts';
import type { Tally } from '../shared/store/firestore/read-options.ts';
import { isWhole, type SweepInput } from './input.ts';
import { isWrong } from './record/checkpoint.ts';
import {
  auditStatuses,
  countAges,
  doubledNoMore,
  type SaveTools,
  saveSweep,
  watchEnded,
} from './record/save.ts';
import { findJob } from './sweep/find-job.ts';
import type { SweepResult } from './sweep/sweep-result.ts';
import { sweepJob, sweepSource } from './sweep/sweep-source.ts';
import type { SweepSource } from './sweep/sweep-tools.ts';

/** The sweep of a source, with what its checkpoint says. */
export interface SourceSweep extends SweepResult {
  sweptAt: Date | null;
  unmapped: UnmappedStatus[];
  /** How many records that sweeps had ended were found to be ended wrongly by this one. */
  falseLost: number;
}

/** The stores and inputs of a sweep of several sources. */
export interface SourcesTools extends SaveTools {
  input: SweepInput;
  /** Counts what the daily audit of statuses reads. */
  audit: Tally;
}

/** The sweeps of several sources. */
export interface SourceSweeps {
  swept: SourceSweep[];
  /** The sources that could not be swept, and why. */
  problems: RunProblem[];
}

/**
 * Sweeps sources side by side; one that fails stops no other. Rejects when all of them fail, with LeaseLost, and with the
 * reason of the signal.
 */
export async function sweepSources(
  sources: readonly SweepSource[],
  tools: SourcesTools,
): Promise<SourceSweeps> {
  const results = await Promise.all(
    sources.map(async (source) => {
      try {
        return { swept: await sweepOne(source, tools) };
      } catch (error) {
        passOn(error, tools);
        return { error, problem: problemOf(source.store.name, 'Cannot sweep it', error) };
      }
    }),
  );
  const failures = results.flatMap((result) => (result.swept ? [] : result));
  const [first] = failures;
  if (first && failures.length === sources.length) {
    const words = failures.map(({ problem: { path, message } }) => `${path}: ${message}`);
    throw new Error(`Cannot sweep any source: ${words.join('; ')}`, { cause: first.error });
  }
  return {
    swept: results.flatMap((result) => result.swept ?? []),
    problems: failures.map(({ problem }) => problem),
  };
}

/** Sweeps the one job that the input names. Rejects with NotOneJob, and where there is no verdict on it. */
export async function sweepNamedJob(
  sources: readonly SweepSource[],
  jobId: string,
  tools: SourcesTools,
): Promise<SourceSweep> {
  const { input, options, checkpoints } = tools;
  const { source, seen } = await findJob(sources, jobId, options);
  const checkpoint = await checkpoints.load(source.store.name, options);
  const { end, reason, by = null } = input;
  const byHand = end !== undefined && reason !== undefined ? { end, reason, by } : null;
  const sweep = await sweepJob(source, seen, byHand, { checkpoint, from: null }, tools);
  if (sweep.results.each.length === 0)
    throw new Error(sweep.problems[0]?.message ?? `Cannot judge job ${jobId} in time`);
  if (byHand && source.store.source.mode === 'observe')
    sweep.problems.push({
      path: source.store.name,
      message: 'It is only observed, so its job was not ended: set its mode to enforce',
    });
  return { ...sweep, sweptAt: checkpoint.sweptAt, unmapped: checkpoint.unmapped, falseLost: 0 };
}

async function sweepOne(source: SweepSource, tools: SourcesTools): Promise<SourceSweep> {
  const { run, input, options, checkpoints, audit, openAlarms } = tools;
  const { store } = source;
  const checkpoint = await checkpoints.load(store.name, options);
  const olderThanMs = (input.olderThanHours ?? 0) * HOUR_MS;
  const whole = isWhole(input);
  const scope = { checkpoint, from: whole ? checkpoint.cursor : null, olderThanMs };
  const known = { sweptAt: checkpoint.sweptAt, unmapped: checkpoint.unmapped, falseLost: 0 };
  if (!whole || run.dryRun) return { ...(await sweepSource(source, scope, tools)), ...known };

  const problems: RunProblem[] = [];
  const orTell = async <T>(what: string, work: Promise<T>): Promise<T | null> => {
    try {
      return await work;
    } catch (error) {
      passOn(error, tools);
      problems.push(problemOf(store.name, what, error));
      return null;
    }
  };
  // Nothing of it may still be under way when the run ends.
  const [swept, counted, audited, looked, doubled] = await Promise.allSettled([
    sweepSource(source, scope, tools),
    orTell('Cannot count its jobs', countAges(store, run.startedAt, options)),
    orTell(
      'Cannot look for statuses that nobody mapped',
      auditStatuses(store, checkpoint.auditedAt, run.startedAt, { ...options, tally: audit }),
    ),
    orTell('Cannot look again at what it ended', watchEnded(store, checkpoint.ended, options)),
    orTell(
      'Cannot look at jobs that ran twice at once',
      doubledNoMore(store, openAlarms, run.startedAt, options),
    ),
  ]);
  const [sweep, ages, unmapped, watched, undoubled] = [
    resultOf(swept),
    resultOf(counted),
    resultOf(audited),
    resultOf(looked),
    resultOf(doubled),
  ];
  const books = saveSweep(store, sweep, scope, { ages, unmapped, watched, undoubled }, tools);
  const forgotten = await orTell('Cannot keep its books', books);
  if (forgotten)
    problems.push({
      path: store.name,
      message: `${forgotten} suspects are too many to remember: what is doubtful about them waits until others are ended`,
    });
  const wrong = (watched ?? []).filter(isWrong).length;
  return {
    ...sweep,
    ...known,
    ...(unmapped && { unmapped }),
    falseLost: wrong - checkpoint.ended.filter(isWrong).length,
    problems: [...sweep.problems, ...problems],
  };
}

function resultOf<T>(result: PromiseSettledResult<T>): T {
  if (result.status === 'rejected') throw result.reason;
  return result.value;
}

/** Throws what ends the whole run. */
function passOn(error: unknown, { run }: Pick<SourcesTools, 'run'>): void {
  run.signal.throwIfAborted();
  if (error instanceof LeaseLost) throw error;
}

function problemOf(path: string, what: string, error: unknown): RunProblem {
  return { path, message: `${what}: ${messageOf(error)}` };
}

import { HOUR_MS } from '../shared/dates.ts';
import { LeaseLost, messageOf } from '../shared/errors.ts';
import type { UnmappedStatus } from '../shared/model/job/sweep-checkpoint.ts';
import type { RunProblem } from '../shared/model/run/run.ts';
import type { Tally } from '../shared/store/firestore/read-options.ts';
import { isWhole, type SweepInput } from './input.ts';
import { auditStatuses, countAges, type SaveTools, saveSweep, watchEnded } from './record/save.ts';
import { findJob } from './sweep/find-job.ts';
import type { SweepResult, SweepSource } from './sweep/pipeline.ts';
import { sweepJob, sweepSource } from './sweep/sweep-source.ts';

/** The sweep of a source, with what was known of it before. */
export interface Swept extends SweepResult {
  sweptAt: Date | null;
  unmapped: UnmappedStatus[];
  /** How many that were ended before were found to be alive. */
  falseLost: number;
}

/** What sources are swept with, whoever asks for it. */
export interface SourcesTools extends SaveTools {
  input: SweepInput;
  /** What the daily look for unmapped statuses reads. */
  audit: Tally;
}

/**
 * Sweeps sources side by side; one that fails stops no other and is told in `problems`. Rejects when all of them fail, with
 * LeaseLost, or with the reason of the signal.
 */
export async function sweepSources(
  sources: readonly SweepSource[],
  problems: RunProblem[],
  tools: SourcesTools,
): Promise<Swept[]> {
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
  const failures = results.flatMap((it) => (it.swept ? [] : it));
  const [first] = failures;
  if (first && failures.length === sources.length) {
    const words = failures.map(({ problem: { path, message } }) => `${path}: ${message}`);
    throw new Error(`Cannot sweep any source: ${words.join('; ')}`, { cause: first.error });
  }
  problems.push(...failures.map(({ problem }) => problem));
  return results.flatMap((it) => it.swept ?? []);
}

/** Sweeps the one job that the input names. Rejects with NotOneJob, and where there is no verdict on it. */
export async function sweepNamedJob(
  sources: readonly SweepSource[],
  jobId: string,
  tools: SourcesTools,
): Promise<Swept> {
  const { input, options, sweepMarks } = tools;
  const { source, seen } = await findJob(sources, jobId, options);
  const marks = await sweepMarks.load(source.store.name, options);
  const { end, reason, by = null } = input;
  const byHand = end !== undefined && reason !== undefined ? { end, reason, by } : null;
  const sweep = await sweepJob(source, seen, byHand, { marks, from: null }, tools);
  if (sweep.outcomes.each.length === 0)
    throw new Error(sweep.problems[0]?.message ?? `Cannot judge job ${jobId} in time`);
  if (byHand && source.store.source.mode === 'observe')
    sweep.problems.push({
      path: source.store.name,
      message: 'It is only observed, so its job was not ended: set its mode to enforce',
    });
  return { ...sweep, sweptAt: marks.sweptAt, unmapped: marks.unmapped, falseLost: 0 };
}

async function sweepOne(source: SweepSource, tools: SourcesTools): Promise<Swept> {
  const { run, input, options, sweepMarks, audit } = tools;
  const { store } = source;
  const marks = await sweepMarks.load(store.name, options);
  const olderThanMs = (input.olderThanHours ?? 0) * HOUR_MS;
  const whole = isWhole(input);
  const scope = { marks, from: whole ? marks.cursor : null, olderThanMs };
  const known = { sweptAt: marks.sweptAt, unmapped: marks.unmapped, falseLost: 0 };
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
  const [swept, counted, audited, looked] = await Promise.allSettled([
    sweepSource(source, scope, tools),
    orTell('Cannot count its jobs', countAges(store, run.startedAt, options)),
    orTell(
      'Cannot look for statuses that nobody mapped',
      auditStatuses(store, marks.auditedAt, run.startedAt, { ...options, tally: audit }),
    ),
    orTell('Cannot look again at what it ended', watchEnded(store, marks.ended, options)),
  ]);
  const [sweep, ages, unmapped, watched] = [
    resultOf(swept),
    resultOf(counted),
    resultOf(audited),
    resultOf(looked),
  ];
  const books = saveSweep(store, sweep, scope, { ages, unmapped, watched }, tools);
  const forgotten = await orTell('Cannot keep its books', books);
  if (forgotten)
    problems.push({
      path: store.name,
      message: `${forgotten} suspects are too many to remember: what is doubtful about them waits until others are ended`,
    });
  const alive = (watched ?? []).filter((it) => it.alive !== null).length;
  return {
    ...sweep,
    ...known,
    ...(unmapped && { unmapped }),
    falseLost: alive - marks.ended.filter((it) => it.alive !== null).length,
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

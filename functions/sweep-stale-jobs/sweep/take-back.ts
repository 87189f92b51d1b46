import { RecordChanged } from '../../shared/errors.ts';
import type { TakenBack } from '../../shared/model/job/evidence.ts';
import type { RunProblem } from '../../shared/model/run/run.ts';
import type { BuildBatch, RunContext, TaskResult } from '../../shared/run/task.ts';
import type { ReadOptions } from '../../shared/store/firestore/read-options.ts';
import type { DayStore } from '../../shared/store/own/days.ts';
import type { SweepInput } from '../input.ts';
import { findRecord, type Named } from './find-job.ts';
import type { SweepSource } from './sweep-tools.ts';
import { commitBoth, daysFrom } from './write.ts';

/** Stands for a person who gave no name. */
const NOBODY = 'somebody who did not say who';

/** The stores that taking back needs. */
export interface TakeBackTools {
  days: DayStore;
  options: ReadOptions;
}

/**
 * Takes back the verdict of a sweep, or of a person through it, on the job that the input names, and on the executions that
 * ended with it: their records become what they were. In mode `observe`, too, for nothing new is claimed. Rejects where
 * the record is not as it was left, or changes meanwhile.
 */
export async function takeBack(
  sources: readonly SweepSource[],
  jobId: string,
  run: RunContext<SweepInput>,
  { days, options }: TakeBackTools,
): Promise<TaskResult> {
  const { by = NOBODY, reason = null } = run.input;
  const named = await findRecord(sources, jobId, options);
  const why = whyNot(named);
  if (why) throw new Error(`Cannot take back how ${named.seen.job.name} ended: ${why}`);
  const others = await endedWith(named, options);
  const problems: RunProblem[] = others.flatMap((other) => {
    const message = whyNot(other);
    return message ? [{ path: other.seen.job.name, message: `It stays as it is: ${message}` }] : [];
  });
  const all = [named, ...others.filter((other) => !whyNot(other))];
  if (named.seen.job.added.deletedAt)
    problems.push({ path: named.seen.job.name, message: 'Its artifacts were deleted meanwhile' });
  const takenBack = { at: run.startedAt, by, reason, runId: run.runId };
  if (!run.dryRun) await write(all, takenBack, run, { days, options });
  return {
    outcome: problems.length === 0 ? 'succeeded' : 'partial',
    summary: { takenBack: all.map(rowOf), documentsRead: options.tally.documents },
    problems,
  };
}

/** The executions that the same run ended below a job. */
async function endedWith({ source, seen, isExecution }: Named, options: ReadOptions): Promise<Named[]> {
  const { executions } = source.store;
  const { evidence } = seen.job.added;
  if (isExecution || !executions || !evidence) return [];
  const ended = await executions.endedBy(seen.path, evidence.runId, options);
  return ended.map((execution) => ({ source, seen: execution, isExecution: true }));
}

async function write(
  all: readonly Named[],
  takenBack: TakenBack,
  run: RunContext<SweepInput>,
  { days, options }: TakeBackTools,
): Promise<void> {
  const [first] = all;
  if (!first) return;
  const { store } = first.source;
  const cause = `${takenBack.by} took back how ${first.seen.job.name} ended`;
  const dates = new Set(all.flatMap(({ seen }) => daysFrom(seen.job.endedAt ?? takenBack.at, takenBack.at)));
  const grounds = await store.grounds(all, options);
  const putDays: BuildBatch = (batch) => {
    for (const date of dates) days.markDirty(batch, { date, cause, markedAt: takenBack.at });
  };
  const putRecords: BuildBatch = (batch) => {
    for (const { seen, isExecution } of all)
      store.putTakenBack(batch, seen, isExecution, grounds.get(seen.path) ?? new Map(), takenBack);
  };
  try {
    await commitBoth(store, run, putDays, putRecords);
  } catch (error) {
    if (!(error instanceof RecordChanged)) throw error;
    throw new Error(
      `Cannot take back how ${first.seen.job.name} ended: its record moved meanwhile; try again`,
      {
        cause: error,
      },
    );
  }
}

function whyNot({ source, seen, isExecution }: Named): string | null {
  return source.store.whyNotTakenBack(seen, isExecution);
}

function rowOf({ source, seen: { job, path }, isExecution }: Named) {
  const { evidence } = job.added;
  return {
    source: source.store.name,
    job: job.id,
    path,
    isExecution,
    was: job.status,
    is: evidence?.was ?? null,
    endedAt: job.endedAt,
    verdict: evidence?.verdict ?? null,
    rule: evidence?.rule ?? null,
    because: evidence?.because ?? null,
    runId: evidence?.runId ?? null,
    foundAt: evidence?.foundAt ?? null,
    by: evidence?.by ?? null,
  };
}

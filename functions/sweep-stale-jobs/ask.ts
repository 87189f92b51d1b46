import type { Backend } from '../shared/cloud/backend.ts';
import { chunksOf, mapPool } from '../shared/concurrency.ts';
import type { Truth } from '../shared/model/backend.ts';
import type { Job } from '../shared/model/job.ts';
import type { Suspect } from '../shared/model/sweep.ts';
import type { SweepMarks } from '../shared/model/sweep-marks.ts';
import type { ActiveJobStore } from '../shared/store/active-jobs.ts';
import type { ReadOptions } from '../shared/store/jobs.ts';
import { tooManyGone } from './guard.ts';
import type { Found } from './look.ts';
import { suspectOf } from './suspicion.ts';

/** So many are asked about before the time is looked at again. */
const ASKED_AT_ONCE = 500;
const JOBS_AT_ONCE = 16;

/** What is asked about suspects with. */
export interface AskTools {
  store: ActiveJobStore;
  backend: Backend | null;
  marks: SweepMarks;
  options: ReadOptions & { signal: AbortSignal };
  now: () => Date;
  isTimeUp: () => boolean;
}

/** A suspect with all that is known of it. */
export interface Known {
  found: Found;
  suspect: Suspect;
}

/** What asking about those found came to. */
export interface Asked {
  /** In the order they were found; the rest was not asked about, for the time was up. */
  known: Known[];
  /** Suspects that nobody can read all of, and why. */
  unreadable: { path: string; error: unknown }[];
  /** How many of those found were gone through. */
  through: number;
}

/** Asks about each suspect: its executions, or its job; and its backend, unless that told an end already. */
export async function ask(found: readonly Found[], tools: AskTools): Promise<Asked> {
  const asked: Asked = { known: [], unreadable: [], through: 0 };
  const remembered = new Map(tools.marks.ended.map(({ backendId, truth }) => [backendId, truth]));
  const told = new Map<string, Truth>();
  for (const some of chunksOf(found, ASKED_AT_ONCE)) {
    if (tools.isTimeUp()) break;
    asked.known.push(...(await readAround(some, asked, tools)));
    await askBackend(some, { remembered, told }, tools);
    asked.through += some.length;
  }
  const goneSince = new Map(tools.marks.gone.map(({ path, since }) => [path, since]));
  const believed = new Map([...remembered, ...withoutDoubt(told)]);
  for (const { found: one, suspect } of asked.known) {
    suspect.truth = believed.get(suspect.job.backendId ?? '') ?? null;
    const since = goneSince.get(one.seen.path) ?? null;
    // What was written since then is a sign of life.
    suspect.goneSince = since && since > suspect.writtenAt ? since : null;
  }
  return asked;
}

/** The jobs of executions, the executions of jobs; one that cannot be read costs only itself. */
async function readAround(
  some: readonly Found[],
  { unreadable }: Asked,
  { store, options }: AskTools,
): Promise<Known[]> {
  const { source, executions } = store;
  const paths = some.flatMap(({ isExecution, seen }) => (isExecution ? seen.path : []));
  const parents = executions ? await executions.jobsOf(paths, options) : new Map<string, Job>();
  const known = await mapPool(some, JOBS_AT_ONCE, async (found) => {
    const { seen, isExecution } = found;
    try {
      const reading = { job: seen.job, writtenAt: seen.updateTime.toDate(), isExecution };
      const suspect = suspectOf(reading, source, parents.get(seen.path) ?? null);
      if (executions && !isExecution) suspect.executions = await executions.of(seen.path, options);
      return { found, suspect };
    } catch (error) {
      options.signal.throwIfAborted();
      unreadable.push({ path: seen.path, error });
      return undefined;
    }
  });
  return known.filter((it) => it !== undefined);
}

async function askBackend(
  some: readonly Found[],
  { remembered, told }: { remembered: ReadonlyMap<string, Truth>; told: Map<string, Truth> },
  { backend, options, now }: AskTools,
): Promise<void> {
  if (!backend) return;
  const ids = some.flatMap(({ seen }) => seen.job.backendId ?? []);
  const unasked = [...new Set(ids)].filter((id) => !remembered.has(id) && !told.has(id));
  if (unasked.length === 0) return;
  const truths = await backend.truthsOf(unasked, { signal: options.signal, now });
  for (const [id, truth] of truths) told.set(id, truth);
}

/** The truths; of too many at once that there is no such job, none is. */
function withoutDoubt(truths: ReadonlyMap<string, Truth>): ReadonlyMap<string, Truth> {
  const why = tooManyGone(truths.values());
  if (!why) return truths;
  return new Map(
    [...truths].map(([id, truth]) =>
      truth.state === 'gone'
        ? [id, { ...truth, state: 'unknown', said: `${truth.said}; but ${why}` }]
        : [id, truth],
    ),
  );
}

import { InvalidRequest, NotOneJob } from '../../shared/errors.ts';
import { whyNotEnded } from '../../shared/model/job/verdict/verdict.ts';
import type { ReadOptions } from '../../shared/store/firestore/read-options.ts';
import type { SeenJob } from '../../shared/store/sources/active-records.ts';
import type { SweepInput } from '../input.ts';
import type { SweepSource } from './sweep-tools.ts';

/** The job or execution that a person named. */
export interface Named {
  source: SweepSource;
  seen: SeenJob;
  isExecution: boolean;
}

/** The one job with that id, or at that path, in `sources`. Rejects with NotOneJob for none, and for several. */
export async function findJob(
  sources: readonly SweepSource[],
  jobId: string,
  options: ReadOptions,
): Promise<Named> {
  const found = await Promise.all(
    sources.map(async (source) => ({ source, seen: await source.store.named(jobId, options) })),
  );
  return onlyOne(sources, jobId, found, false);
}

/** The same, or the execution at that path. */
export async function findRecord(
  sources: readonly SweepSource[],
  jobId: string,
  options: ReadOptions,
): Promise<Named> {
  const executions = await Promise.all(
    sources.map(async (source) => ({ source, seen: await source.store.executions?.at(jobId, options) })),
  );
  if (executions.every(({ seen }) => !seen)) return findJob(sources, jobId, options);
  return onlyOne(sources, jobId, executions, true);
}

/** Rejects with InvalidRequest where nothing can be done about the job that the input names. */
export async function refuse(
  sources: readonly SweepSource[],
  { jobId, end, undo }: SweepInput,
  options: ReadOptions,
): Promise<void> {
  if (jobId === undefined) return;
  try {
    const { source, seen, isExecution } = await (undo ? findRecord : findJob)(sources, jobId, options);
    const { name } = seen.job;
    const why = undo ? source.store.whyNotTakenBack(seen, isExecution) : end && whyNotEnded(seen.job);
    if (!why) return;
    const what = undo ? `Cannot take back how ${name} ended` : `Cannot end ${name}`;
    throw new InvalidRequest([{ path: 'jobId', message: `${what}: ${why}` }]);
  } catch (error) {
    if (!(error instanceof NotOneJob)) throw error;
    const expected = 'the id of a job, or the path of its record';
    throw new InvalidRequest([{ path: 'jobId', message: error.message, expected }]);
  }
}

function onlyOne(
  sources: readonly SweepSource[],
  jobId: string,
  looked: readonly { source: SweepSource; seen: SeenJob | undefined }[],
  isExecution: boolean,
): Named {
  const found = looked.flatMap(({ source, seen }) => (seen ? [{ source, seen, isExecution }] : []));
  const [one, other] = found;
  if (!one) throw new NotOneJob(`Cannot find job ${jobId} in ${inWords(sources)}`);
  if (other)
    throw new NotOneJob(
      `Cannot tell which job ${jobId} is meant: ${inWords(found.map(({ source }) => source))} have one; name the source`,
    );
  return one;
}

function inWords(sources: readonly SweepSource[]): string {
  const names = sources.map(({ store }) => store.name);
  return names.length === 1 ? `source ${names[0]}` : `the sources ${names.join(', ')}`;
}

import type { SeenJob } from '../shared/store/active-records.ts';
import type { ReadOptions } from '../shared/store/jobs.ts';
import type { SweptSource } from './pipeline.ts';

/** The one job of that id, or at that path, in `sources`. Throws when there is none, and when several have one. */
export async function findJob(
  sources: readonly SweptSource[],
  jobId: string,
  options: ReadOptions,
): Promise<{ source: SweptSource; seen: SeenJob }> {
  const looked = await Promise.all(
    sources.map(async (source) => ({ source, seen: await source.store.named(jobId, options) })),
  );
  const found = looked.flatMap(({ source, seen }) => (seen ? [{ source, seen }] : []));
  const [one, other] = found;
  if (!one) throw new Error(`Cannot find job ${jobId} in ${inWords(sources)}`);
  if (other)
    throw new Error(
      `Cannot tell which job ${jobId} is meant: ${inWords(found.map((it) => it.source))} have one; name the source`,
    );
  return one;
}

function inWords(sources: readonly SweptSource[]): string {
  const names = sources.map(({ store }) => store.name);
  return names.length === 1 ? `source ${names[0]}` : `the sources ${names.join(', ')}`;
}

import { pooledMap } from '../../shared/concurrency.ts';
import { RecordChanged } from '../../shared/errors.ts';
import { readPlace, uriOf } from '../../shared/model/artifact/artifact.ts';
import { emptySince } from '../../shared/model/artifact/artifact-life.ts';
import type { PlanLine } from '../../shared/model/cleanup/cleanup.ts';
import type { ArtifactJobStore } from '../../shared/store/sources/artifact-jobs.ts';
import type { PlannedJob } from '../plan/decision.ts';
import type { Session } from '../session.ts';
import { stillMine } from './delete-job.ts';

const MARKS_AT_ONCE = 16;

/** Marks the records of jobs whose place is empty, so that the place is not listed every night. */
export async function rememberEmpty(
  lines: readonly PlanLine[],
  jobs: readonly PlannedJob[],
  stores: readonly ArtifactJobStore[],
  { run, isTimeUp }: Session,
): Promise<void> {
  const empty = new Set(lines.filter(({ reason }) => reason === 'nothing-there').map(({ job }) => job));
  const news = jobs.filter((job) => job.enforced && empty.has(job.name) && !emptySince(job));
  if (news.length === 0) return;
  await stillMine(run);
  await pooledMap(news, MARKS_AT_ONCE, async (job) => {
    const { source, artifactUri, endedAt } = job;
    run.signal.throwIfAborted();
    const place = readPlace(artifactUri);
    const [folder] = place.is === 'read' ? place.value.folders : [];
    if (!folder || !endedAt || isTimeUp()) return;
    const life = { uri: uriOf(folder), endedAt };
    try {
      await stores.find(({ name }) => name === source)?.markEmpty(job, { at: run.startedAt, life });
    } catch (error) {
      // Without the mark, the place is listed once more.
      if (!(error instanceof RecordChanged)) throw error;
    }
  });
}

import type { GcsWorld } from '../stand-ins/gcs/world.ts';
import { sampleObjects } from './artifacts.ts';
import type { Change } from './changes.ts';
import { sampleCustomJobs } from './custom-jobs.ts';
import type { SampleJob } from './job.ts';
import { type Life, lifeWithin } from './life.ts';
import { sampleOrchestrator } from './orchestrator.ts';
import type { Platform } from './platform.ts';
import type { SampleRecords } from './world.ts';

/** The sample world of a stack, as it goes on. */
export interface LivingSample {
  /** Lets the sample live until `instant`: records, platform and objects are as they are then. An earlier instant changes nothing. */
  liveUntil(instant: Date): Promise<void>;
}

/** The places that the sample fills: the platform, its objects, and the records in Firestore. */
interface Places {
  platform: Platform;
  storage: Pick<GcsWorld, 'putObject'>;
  records: Pick<SampleRecords, 'update'>;
}

/** The sample that was made at `made`, which stands still until it is to live on. */
export function livingSample({ platform, storage, records }: Places, made: Date): LivingSample {
  const { project } = platform.world;
  let lived = made;
  return {
    async liveUntil(instant) {
      if (instant <= lived) return;
      const life = lifeWithin({ from: lived, to: instant }, { made, project });
      lived = instant;
      addToPlatform(platform, life);
      for (const object of sampleObjects(life.jobs.filter(isOver).map(({ after }) => after)))
        storage.putObject(object);
      await records.update(life);
    },
  };
}

/** Adds to a platform what its stand-ins tell of `life`. */
export function addToPlatform({ world, orchestrator }: Platform, life: Life): void {
  const { bigquery, run } = world;
  bigquery.jobs = withNewest(
    bigquery.jobs,
    life.queries.map(({ after }) => after),
  );
  for (const requests of life.requests) run.requests.push(requests);
  world.customJobs = withNewest(world.customJobs, sampleCustomJobs(life.jobs.map(({ after }) => after)));
  const told = sampleOrchestrator(life.etlRuns.map(({ after }) => after));
  for (const [id, answer] of told.runs) orchestrator.runs.set(id, answer);
}

function withNewest<Item extends { id: string }>(items: readonly Item[], newest: readonly Item[]): Item[] {
  return [...new Map([...items, ...newest].map((item) => [item.id, item])).values()];
}

/** Whether a job came to its end, whatever its record says. */
function isOver({ before, after }: Change<SampleJob>): boolean {
  return (after.endedAt !== null && !before?.endedAt) || (after.fate !== undefined && !before?.fate);
}

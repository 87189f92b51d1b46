import { Firestore } from '@google-cloud/firestore';
import { HOUR_MS } from '../../functions/shared/dates.ts';
import type { Environment } from '../../functions/shared/environment.ts';
import type { Settings } from '../../functions/shared/settings.ts';
import { SAMPLE_DAYS, type SampleJob, sampleJobs } from './sample-jobs.ts';
import { recordOf } from './sample-record.ts';

/** A running job that was not heard of for so long hangs. */
const SILENT_MS = 2 * HOUR_MS;

/**
 * Writes the sample world into the emulator, as records of the source `jobs` (the first source when none is called so),
 * unless its collection holds any already: they may be somebody's. Returns what it did, in words.
 */
export async function writeSampleWorld(
  emulatorHost: string,
  settings: Settings,
  environment: Environment,
  now: Date,
): Promise<string> {
  const source = settings.sources.jobs ?? Object.values(settings.sources)[0];
  if (!source) return 'none written: the settings name no source';
  // Else the client first looks for the metadata server of a machine in Google's cloud, and complains about its absence.
  process.env.METADATA_SERVER_DETECTION ??= 'none';
  const db = new Firestore({
    projectId: source.googleProject ?? environment.GOOGLE_CLOUD_PROJECT,
    databaseId: source.database ?? environment.FIRESTORE_DATABASE,
    // Named here, not left to the environment: a sample must never reach a real project.
    host: emulatorHost,
    ssl: false,
  });
  try {
    const collection = db.collection(source.collection);
    if (!(await collection.limit(1).get()).empty)
      return `none written: the collection "${source.collection}" holds records already, which are left as they are`;
    const jobs = sampleJobs(now);
    // The ramp is kind to a real database that has to warm up, which an emulator has not.
    const writer = db.bulkWriter({ throttling: false });
    const written = jobs.map((job) => writer.set(collection.doc(job.id), recordOf(job, source)));
    await writer.close();
    await Promise.all(written);
    return sampleInWords(jobs, now);
  } finally {
    await db.terminate();
  }
}

/** How many jobs of which kind there are. */
function sampleInWords(jobs: SampleJob[], now: Date): string {
  const count = (kind: (job: SampleJob) => boolean) => jobs.filter(kind).length;
  const withStatus = (status: SampleJob['status']) => count((job) => job.status === status);
  const neverStarted = count((job) => job.status === 'failed' && !job.startedAt);
  const silent = count(
    (job) => job.status === 'running' && now.getTime() - (job.heartbeatAt?.getTime() ?? 0) > SILENT_MS,
  );
  const kinds = [
    `${withStatus('completed')} completed`,
    `${withStatus('failed')} failed (${neverStarted} before they started)`,
    `${withStatus('cancelled')} cancelled`,
    `${withStatus('running')} running (${silent} silent for hours)`,
    `${withStatus('queued')} queued`,
  ];
  const projects = new Set(jobs.map((job) => job.project)).size;
  return `${SAMPLE_DAYS} days of ${projects} ML projects, ${jobs.length} jobs: ${kinds.join(', ')}`;
}

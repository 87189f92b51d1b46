import { Firestore } from '@google-cloud/firestore';
import { HOUR_MS } from '../../functions/shared/dates.ts';
import type { Environment } from '../../functions/shared/environment.ts';
import type { JobState, Source } from '../../functions/shared/model/source.ts';
import type { Settings } from '../../functions/shared/settings.ts';
import { figure } from '../ops/words.ts';
import { sampleEtlRuns } from './sample-etl.ts';
import { SAMPLE_DAYS, type SampleJob, type SampleRecord, sampleJobs } from './sample-jobs.ts';
import { recordOf } from './sample-record.ts';

/** A running job that was not heard of for so long hangs. */
const SILENT_MS = 2 * HOUR_MS;

/**
 * Writes the sample world into the emulator: the jobs as records of the source `jobs` (the first of training jobs when
 * none is called so), the ETL runs as those of the first source of such; none into a collection that holds any already:
 * they may be somebody's. Returns what it did, in words.
 */
export async function writeSampleWorld(
  emulatorHost: string,
  settings: Settings,
  environment: Environment,
  now: Date,
): Promise<string> {
  const { jobs, ...others } = settings.sources;
  const sources = jobs ? [jobs, ...Object.values(others)] : Object.values(others);
  const training = sources.find(({ kind }) => kind === 'training');
  const etl = sources.find(({ kind }) => kind === 'etl');
  const write = (source: Source | undefined, records: SampleRecord[], words: string) =>
    source ? writeRecords(records, words, source, { emulatorHost, environment }) : [];
  const [trained, runs] = [sampleJobs(now), sampleEtlRuns(now)];
  const done = await Promise.all([
    write(training, trained, jobsInWords(trained, now)),
    write(etl, runs, etlInWords(runs)),
  ]);
  return done.flat().join('; ');
}

/** Writes the records of one source; returns `words`, or why it wrote none. */
async function writeRecords(
  records: SampleRecord[],
  words: string,
  source: Source,
  { emulatorHost, environment }: { emulatorHost: string; environment: Environment },
): Promise<string> {
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
    // The ramp is kind to a real database that has to warm up, which an emulator has not.
    const writer = db.bulkWriter({ throttling: false });
    const written = records.map((record) => writer.set(collection.doc(record.id), recordOf(record, source)));
    await writer.close();
    await Promise.all(written);
    return words;
  } finally {
    await db.terminate();
  }
}

/** How many jobs of which kind there are. */
function jobsInWords(jobs: SampleJob[], now: Date): string {
  const neverStarted = jobs.filter((job) => job.status === 'failed' && !job.startedAt).length;
  const silent = jobs.filter(
    (job) => job.status === 'running' && now.getTime() - (job.heartbeatAt?.getTime() ?? 0) > SILENT_MS,
  ).length;
  const kinds = [
    `${withStatus(jobs, 'completed')} completed`,
    `${withStatus(jobs, 'failed')} failed (${neverStarted} before they started)`,
    `${withStatus(jobs, 'cancelled')} cancelled`,
    `${withStatus(jobs, 'running')} running (${silent} silent for hours)`,
    `${withStatus(jobs, 'queued')} queued`,
  ];
  const projects = new Set(jobs.map((job) => job.project)).size;
  return `${SAMPLE_DAYS} days of ${projects} ML projects, ${jobs.length} jobs: ${kinds.join(', ')}`;
}

function etlInWords(runs: SampleRecord[]): string {
  const pipelines = new Set(runs.map((run) => run.project)).size;
  return `${pipelines} ETL pipelines, ${figure(runs.length)} runs: ${withStatus(runs, 'failed')} failed, ${withStatus(runs, 'running')} running`;
}

function withStatus(records: SampleRecord[], status: JobState): number {
  return records.filter((record) => record.status === status).length;
}

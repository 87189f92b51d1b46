import { Firestore } from '@google-cloud/firestore';
import { HOUR_MS } from '../../../functions/shared/dates.ts';
import type { Environment } from '../../../functions/shared/environment.ts';
import { executionsOf, type Source } from '../../../functions/shared/model/job/source.ts';
import type { Settings } from '../../../functions/shared/settings.ts';
import { setAt } from '../../shared/objects.ts';
import { figure, plural } from '../../words/figures.ts';
import { sampleEtlRuns } from './etl.ts';
import type { SampleJob, SampleRecord } from './job.ts';
import { SAMPLE_DAYS, sampleJobs } from './jobs.ts';
import { recordOf } from './record.ts';
import { type SampleModel, sampleRegistry } from './registry.ts';
import { trainingSource } from './settings.ts';

/** A running job that was not heard of for so long hangs. */
const SILENT_MS = 2 * HOUR_MS;

/** Where the emulator is, and which project and database are Nightshift's own. */
interface Place {
  emulatorHost: string;
  environment: Environment;
}

/** Documents by their ids. */
type Documents = Iterable<readonly [id: string, data: object]>;

/**
 * Writes the sample world into the emulator: the jobs, with the tries of some, as records of the source `jobs` (the first
 * of training jobs when none is called so), the ETL runs as those of the first source of such, the models that some of the jobs became and the
 * pins; none into a collection that holds any already: they may be somebody's. Returns what it did, in words.
 */
export async function writeSampleWorld(
  emulatorHost: string,
  settings: Settings,
  environment: Environment,
  now: Date,
): Promise<string> {
  const place = { emulatorHost, environment };
  const training = trainingSource(settings)?.source;
  const etl = Object.values(settings.sources).find(({ kind }) => kind === 'etl');
  const [registry] = settings.artifacts.models;
  const [trained, runs] = [sampleJobs(now), sampleEtlRuns(now)];
  const { models, pins } = sampleRegistry(trained, now);
  const done = await Promise.all([
    training ? writeInto(training, recordsOf(trained, training), jobsInWords(trained, now), place) : [],
    etl ? writeInto(etl, recordsOf(runs, etl), etlInWords(runs), place) : [],
    registry
      ? writeInto(registry, modelRecords(models, registry), plural(models.length, 'registered model'), place)
      : [],
    writeInto(
      { collection: `${settings.collectionPrefix}artifactPins` },
      pins.map((pin) => [pin.id, pin] as const),
      plural(pins.length, 'pin'),
      place,
    ),
  ]);
  return done.flat().join('; ');
}

/** Records by their ids, and the tries of jobs by their paths below these. */
function recordsOf(
  records: readonly (SampleRecord & Pick<SampleJob, 'executions'>)[],
  source: Source,
): Documents {
  const tries = executionsOf(source);
  return records.flatMap((record) => [
    [record.id, recordOf(record, source)] as const,
    ...(tries && record.executions
      ? record.executions.map(
          (it) => [`${record.id}/${tries.collection}/${it.id}`, recordOf(it, tries)] as const,
        )
      : []),
  ]);
}

function modelRecords(
  models: readonly SampleModel[],
  { artifactUri: path }: Settings['artifacts']['models'][number],
): Documents {
  return models.map(({ id, artifactUri, registeredAt }) => {
    const record = { registeredAt };
    setAt(record, path, artifactUri);
    return [id, record] as const;
  });
}

/** Writes documents into a collection that is empty; returns `words`, or why it wrote none. */
async function writeInto(
  where: { collection: string; googleProject?: string | undefined; database?: string | undefined },
  documents: Documents,
  words: string,
  { emulatorHost, environment }: Place,
): Promise<string> {
  // Else the client first looks for the metadata server of a machine in Google's cloud, and complains about its absence.
  process.env.METADATA_SERVER_DETECTION ??= 'none';
  const db = new Firestore({
    projectId: where.googleProject ?? environment.GOOGLE_CLOUD_PROJECT,
    databaseId: where.database ?? environment.FIRESTORE_DATABASE,
    // Named here, not left to the environment: a sample must never reach a real project.
    host: emulatorHost,
    ssl: false,
  });
  try {
    const collection = db.collection(where.collection);
    if (!(await collection.limit(1).get()).empty)
      return `none written: the collection "${where.collection}" holds records already, which are left as they are`;
    // The ramp is kind to a real database that has to warm up, which an emulator has not.
    const writer = db.bulkWriter({ throttling: false });
    const written: Promise<unknown>[] = [];
    for (const [id, data] of documents) written.push(writer.set(collection.doc(id), data));
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
    `${withStatus(jobs, 'unknown')} of a status that nobody mapped`,
  ];
  const projects = new Set(jobs.map((job) => job.project)).size;
  return `${SAMPLE_DAYS} days of ${projects} ML projects, ${jobs.length} jobs: ${kinds.join(', ')}`;
}

function etlInWords(runs: SampleRecord[]): string {
  const pipelines = new Set(runs.map((run) => run.project)).size;
  return `${pipelines} ETL pipelines, ${figure(runs.length)} runs: ${withStatus(runs, 'failed')} failed, ${withStatus(runs, 'running')} running`;
}

function withStatus(records: SampleRecord[], status: SampleRecord['status']): number {
  return records.filter((record) => record.status === status).length;
}

import { isDeepStrictEqual } from 'node:util';
import { type CollectionReference, Firestore } from '@google-cloud/firestore';
import { HOUR_MS } from '../../../functions/shared/dates.ts';
import type { Environment } from '../../../functions/shared/environment.ts';
import { executionsOf, type Source } from '../../../functions/shared/model/job/source.ts';
import type { Settings } from '../../../functions/shared/settings.ts';
import { setAt } from '../../shared/objects.ts';
import { figure, plural } from '../../words/figures.ts';
import type { Change } from './changes.ts';
import { sampleEtlRuns } from './etl.ts';
import type { SampleJob, SampleRecord } from './job.ts';
import { SAMPLE_DAYS, sampleJobs } from './jobs.ts';
import type { Life } from './life.ts';
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

/** Where a collection is; what is left out is Nightshift's own. */
type Where = Pick<Source, 'collection' | 'googleProject' | 'database'>;

/** Documents by their ids. */
type Documents = Iterable<readonly [id: string, data: object]>;

/** The records of the sample world in the emulator. */
export interface SampleRecords {
  /**
   * Writes the sample world of `now`: the jobs, with the tries of some, as records of the source `jobs` (the first of training
   * jobs when none is called so), the ETL runs as those of the first source of such, the models that some of the jobs became
   * and the pins; none into a collection that holds any already: they may be somebody's. Returns what it did, in words.
   */
  write(now: Date): Promise<string>;
  /** Writes what has changed, field by field, into the collections that `write` filled, and into no other. */
  update(life: Pick<Life, 'jobs' | 'etlRuns'>): Promise<void>;
  close(): Promise<void>;
}

/** Opens the emulator for the records of the sample world. */
export function sampleRecords(settings: Settings, place: Place): SampleRecords {
  const database = databasesOf(place);
  const training = trainingSource(settings)?.source;
  const etl = Object.values(settings.sources).find(({ kind }) => kind === 'etl');
  const filled = new Set<Where>();

  /** Writes documents into a collection that is empty; returns `words`, or why it wrote none. */
  async function fill(where: Where, documents: Documents, words: string): Promise<string> {
    const collection = database(where).collection(where.collection);
    if (!(await collection.limit(1).get()).empty)
      return `none written: the collection "${where.collection}" holds records already, which are left as they are`;
    await writeAll(collection, documents);
    filled.add(where);
    return words;
  }

  async function change(source: Source | undefined, changes: readonly Change<SampleRecord>[]): Promise<void> {
    if (!source || !filled.has(source)) return;
    const documents = changes.map((one) => [one.after.id, changedFields(one, source)] as const);
    await writeAll(database(source).collection(source.collection), documents);
  }

  return {
    async write(now) {
      const [registry] = settings.artifacts.models;
      const [trained, runs] = [sampleJobs(now), sampleEtlRuns(now)];
      const { models, pins } = sampleRegistry(trained, now);
      const done = await Promise.all([
        training ? fill(training, recordsOf(trained, training), jobsInWords(trained, now)) : [],
        etl ? fill(etl, recordsOf(runs, etl), etlInWords(runs)) : [],
        registry
          ? fill(registry, modelRecords(models, registry), plural(models.length, 'registered model'))
          : [],
        fill(
          { collection: `${settings.collectionPrefix}artifactPins` },
          pins.map((pin) => [pin.id, pin] as const),
          plural(pins.length, 'pin'),
        ),
      ]);
      return done.flat().join('; ');
    },

    async update({ jobs, etlRuns }) {
      await Promise.all([change(training, jobs), change(etl, etlRuns)]);
    },

    close: database.close,
  };
}

/** Opens each database of the emulator once. */
function databasesOf({ emulatorHost, environment }: Place): ((where: Where) => Firestore) & {
  close(): Promise<void>;
} {
  // Else the client first looks for the metadata server of a machine in Google's cloud, and complains about its absence.
  process.env.METADATA_SERVER_DETECTION ??= 'none';
  const opened = new Map<string, Firestore>();
  const open = ({ googleProject, database }: Where) => {
    const projectId = googleProject ?? environment.GOOGLE_CLOUD_PROJECT;
    const databaseId = database ?? environment.FIRESTORE_DATABASE;
    const name = `${projectId}/${databaseId}`;
    // The host is named here, not left to the environment: a sample must never reach a real project.
    const db = opened.get(name) ?? new Firestore({ projectId, databaseId, host: emulatorHost, ssl: false });
    opened.set(name, db);
    return db;
  };
  const close = async () => {
    await Promise.all([...opened.values()].map((db) => db.terminate()));
  };
  return Object.assign(open, { close });
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

/** The fields of a record that a change writes: what its own system leaves alone may have been corrected meanwhile. */
function changedFields({ before, after }: Change<SampleRecord>, source: Source): Record<string, unknown> {
  const known: Record<string, unknown> = before ? recordOf(before, source) : {};
  const fields = Object.entries(recordOf(after, source));
  return Object.fromEntries(fields.filter(([name, value]) => !isDeepStrictEqual(value, known[name])));
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

/** Writes documents; of one that is there already, the fields that are given. */
async function writeAll(collection: CollectionReference, documents: Documents): Promise<void> {
  // The ramp is kind to a real database that has to warm up, which an emulator has not.
  const writer = collection.firestore.bulkWriter({ throttling: false });
  const written: Promise<unknown>[] = [];
  for (const [id, data] of documents) written.push(writer.set(collection.doc(id), data, { merge: true }));
  await writer.close();
  await Promise.all(written);
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

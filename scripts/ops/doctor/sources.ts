import { openBackend } from '../../../functions/shared/cloud/backend.ts';
import { readVariable } from '../../../functions/shared/environment.ts';
import { InvalidConfiguration } from '../../../functions/shared/errors.ts';
import type { BackendSettings } from '../../../functions/shared/model/backend.ts';
import { type JobRecord, readJob } from '../../../functions/shared/model/job.ts';
import type { Source } from '../../../functions/shared/model/source.ts';
import { type Connection, SILENT } from '../connect.ts';
import { inspectSource } from '../inspect-source.ts';
import { sampleRecords } from '../sample-records.ts';
import { placeOf } from '../target.ts';
import { plural } from '../words.ts';
import { apiOf } from './api-of.ts';
import { CannotTell, type Check } from './check.ts';

const SAMPLE = 20;
const CHECK = 'npm run -s ops -- sources check';

/** Whether the records of each source can be read, whether they are as the settings say, and whether its backend answers. */
export function sourceChecks(connection: Connection): Check[] {
  return Object.entries(connection.settings.sources).flatMap(([name, source]) => {
    const records = onlyOnce(() => {
      const database = source.database ?? connection.environment.FIRESTORE_DATABASE;
      const place = placeOf(connection.target, { googleProject: source.googleProject, database });
      return sampleRecords(source, name, SAMPLE, connection, place);
    });
    const checks: Check[] = [
      { group: 'Sources', what: name, look: async () => recordsFinding(source, await records()) },
    ];
    const { backend } = source;
    if (backend)
      checks.push({
        group: 'Sources',
        what: `backend of ${name}`,
        look: async () => askBackend(source, backend, await records(), connection),
      });
    return checks;
  });
}

function recordsFinding(source: Source, records: readonly JobRecord[]): Awaited<ReturnType<Check['look']>> {
  if (records.length === 0)
    throw new CannotTell(`no record at all: collection ${source.collection} is empty, or its name is wrong`);
  const read = `${plural(records.length, 'record')} read, mode ${source.mode}`;
  return inspectSource(source, records).toMend
    ? { state: 'wrong', words: `${read}: some are not as the settings say`, mend: CHECK }
    : { state: 'ok', words: read };
}

/** Asks after one job that there is: what is made up may be refused for its form. */
async function askBackend(
  source: Source,
  settings: BackendSettings,
  records: readonly JobRecord[],
  connection: Connection,
): Promise<Awaited<ReturnType<Check['look']>>> {
  const id = records.flatMap((record) => readJob(source, record).backendId ?? [])[0];
  if (id === undefined) throw new CannotTell(`none of ${plural(records.length, 'record')} names a job there`);
  const backend = open(settings, connection);
  const sweep = { signal: new AbortController().signal, now: connection.clock.now };
  const truth = (await backend.truthsOf([id], sweep)).get(id);
  if (truth?.state === 'gone')
    return { state: 'ok', words: `${backend.name} answers, and has no job ${id} any more` };
  const words = truth?.said ?? `${backend.name} says nothing`;
  return { state: truth && truth.state !== 'unknown' ? 'ok' : 'wrong', words };
}

function open(settings: BackendSettings, connection: Connection): ReturnType<typeof openBackend> {
  try {
    return openBackend(settings, { apiOf: apiOf(connection), variable: readVariable, log: SILENT });
  } catch (error) {
    // Its secret belongs to the function, and is seldom set here.
    if (error instanceof InvalidConfiguration) throw new CannotTell(error.message);
    throw error;
  }
}

function onlyOnce<T>(work: () => Promise<T>): () => Promise<T> {
  let done: Promise<T> | undefined;
  return () => {
    done ??= work();
    return done;
  };
}

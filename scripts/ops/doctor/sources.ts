import type { JobRecord } from '../../../functions/shared/model/job/job.ts';
import type { Source } from '../../../functions/shared/model/job/source.ts';
import { plural } from '../../words/figures.ts';
import { askBackend } from '../shared/ask-backend.ts';
import { CannotCheck, type Check, type Finding } from '../shared/check.ts';
import type { Connection } from '../shared/connect.ts';
import { placeOf } from '../shared/target.ts';
import { inspectSource } from '../sources/inspect-source.ts';
import { sampleRecords } from '../sources/sample-records.ts';

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
      {
        group: 'Sources',
        what: name,
        look: async () => recordsFinding(source, await records(), connection.clock.now()),
      },
    ];
    const { backend } = source;
    if (backend)
      checks.push({
        group: 'Sources',
        what: `backend of ${name}`,
        look: async () => askBackend(name, source, backend, await records(), connection),
      });
    return checks;
  });
}

function recordsFinding(source: Source, records: readonly JobRecord[], now: Date): Omit<Finding, 'what'> {
  if (records.length === 0)
    throw new CannotCheck(`no record at all: collection ${source.collection} is empty, or its name is wrong`);
  const read = `${plural(records.length, 'record')} read, mode ${source.mode}`;
  return inspectSource(source, records, now).toMend
    ? { state: 'wrong', words: `${read}: some are not as the settings say`, mend: CHECK }
    : { state: 'ok', words: read };
}

function onlyOnce<T>(work: () => Promise<T>): () => Promise<T> {
  let done: Promise<T> | undefined;
  return () => {
    done ??= work();
    return done;
  };
}

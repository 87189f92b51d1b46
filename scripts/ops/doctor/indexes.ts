import type { Catalog } from '../../../functions/shared/catalog.ts';
import { addMs, DAY_MS } from '../../../functions/shared/dates.ts';
import { messageOf } from '../../../functions/shared/errors.ts';
import type { Source } from '../../../functions/shared/model/job/source.ts';
import { firstLine } from '../../words/terminal.ts';
import { CannotCheck, type Check, type Finding } from '../shared/check.ts';
import { type Connection, SILENT } from '../shared/connect.ts';

/** A query of ours as it is, but that it reads next to nothing. */
export interface Probe {
  what: string;
  run(): Promise<unknown>;
}

/** Whether the queries of ours that need a composite index have it: each is made, once. */
export function indexChecks(connection: Connection, catalog: Catalog): Check[] {
  const { sources } = connection.settings;
  const look = (probes: () => Promise<Probe[]>) => async () => {
    if (connection.target.kind !== 'real') throw new CannotCheck('an emulator answers without any index');
    return missingIndexes(await probes());
  };
  return [
    { group: 'Firestore', what: 'indexes', look: look(() => ownProbes(connection, catalog)) },
    ...Object.entries(sources).map(([name, source]) => ({
      group: 'Firestore',
      what: `indexes of ${name}`,
      look: look(() => sourceProbes(name, source, connection)),
    })),
  ];
}

/** What came of the probes: fine, or the first query without its index, in Firestore's words, which link to its making. */
export async function missingIndexes(probes: readonly Probe[]): Promise<Omit<Finding, 'what'>> {
  const { FAILED_PRECONDITION, grpcCode } = await import(
    '../../../functions/shared/store/firestore/firestore.ts'
  );
  const made = await Promise.allSettled(probes.map(({ run }) => run()));
  const failed = made.flatMap((result, index) =>
    result.status === 'rejected' ? [{ what: probes[index]?.what ?? '', error: result.reason }] : [],
  );
  const other = failed.find(({ error }) => grpcCode(error) !== FAILED_PRECONDITION);
  if (other) throw other.error;
  if (failed.length === 0) return { state: 'ok', words: `${probes.length} queries have what they need` };
  const words = failed.map(({ what, error }) => `${what}: ${firstLine(messageOf(error), 1_000)}`);
  return { state: 'wrong', words: words.join('; '), mend: 'terraform -chdir=infra apply' };
}

/** Queries of our own collections. */
export async function ownProbes(
  { collections, clock }: Pick<Connection, 'collections' | 'clock'>,
  catalog: Catalog,
): Promise<Probe[]> {
  const { runStore } = await import('../../../functions/shared/store/own/runs.ts');
  const { dayStore } = await import('../../../functions/shared/store/own/days.ts');
  const [task = ''] = Object.keys(catalog);
  const runs = runStore(collections);
  const days = dayStore(collections, SILENT);
  return [
    { what: 'runs of a task', run: () => runs.newest(task, { limit: 1 }, clock.now()) },
    {
      what: 'runs of a task by outcome',
      run: () => runs.newest(task, { limit: 1, outcome: 'succeeded' }, clock.now()),
    },
    // The name of no job.
    { what: 'days of a job', run: () => days.countedOn([' '], { documents: 0 }, () => undefined) },
  ];
}

/** Queries of a source that collect-metrics and the sweep make, about a moment in which nothing happens. */
export async function sourceProbes(
  name: string,
  source: Source,
  { openSource, clock }: Pick<Connection, 'openSource' | 'clock'>,
): Promise<Probe[]> {
  const { jobStore } = await import('../../../functions/shared/store/sources/jobs.ts');
  const { activeJobStore } = await import('../../../functions/shared/store/sources/active-jobs.ts');
  const db = openSource(source);
  const now = clock.now();
  const soon = addMs(now, DAY_MS);
  const options = { tally: { documents: 0 } };
  const jobs = jobStore(name, source, db, SILENT);
  const active = activeJobStore(name, source, { db, ours: false }, SILENT);
  const one = { after: null, most: 1 };
  const range = { from: soon, to: addMs(soon, 1), now };
  return [
    { what: 'jobs of a day', run: () => jobs.touching(range, options, () => undefined) },
    { what: 'jobs of no day', run: () => jobs.timeless(now, options, () => undefined) },
    ...active.staleQueries(now).map((query) => ({
      what: query.name,
      run: () => active.pages(query, one, options).next(),
    })),
  ];
}

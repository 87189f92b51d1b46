import type { Source } from '../../../functions/shared/model/job/source.ts';
import type { ActiveJobStore } from '../../../functions/shared/store/sources/active-jobs.ts';
import type { SeenJob } from '../../../functions/shared/store/sources/active-records.ts';
import { oneLine } from '../../words/terminal.ts';
import { type Connection, SILENT, uncounted } from './connect.ts';
import { ambiguous } from './find-id.ts';
import { oneOf } from './options.ts';
import { OpsProblem, usage } from './problem.ts';
import { placeOf } from './target.ts';

/** Of each source, so many jobs of one beginning are looked at. */
const CANDIDATES = 11;
/** Sorts behind everything that begins the same. */
const LAST = '\uf8ff';

/** A job, and the source that it is of. */
export interface NamedJob {
  store: ActiveJobStore;
  seen: SeenJob;
}

/** The stores of all sources, or of the one that is named. */
export async function jobStores(
  { settings, openSource }: Connection,
  given: string | undefined,
): Promise<ActiveJobStore[]> {
  const all = Object.keys(settings.sources);
  const names = given === undefined ? all : [oneOf('source', given, all)];
  const { activeJobStore } = await import('../../../functions/shared/store/sources/active-jobs.ts');
  return names.map((name) => {
    const source = settings.sources[name] as Source;
    return activeJobStore(name, source, { db: openSource(source), ours: false }, SILENT);
  });
}

/**
 * The job of that id or path, or the only one whose id begins so. Rejects with an OpsProblem where there is none, or several
 * are meant.
 */
export async function findJob(
  id: string,
  stores: readonly ActiveJobStore[],
  connection: Connection,
): Promise<NamedJob> {
  const found = await named(id, stores, connection);
  const [one, other] = found;
  if (other)
    throw usage(
      `Several sources have a job ${oneLine(id)}: add --source ${found.map(({ store }) => store.name).join(' or ')}`,
    );
  if (one) return one;
  const paths = await beginningWith(id, stores, connection);
  if (paths.length > 1) throw ambiguous('job', id, paths);
  const [only] = paths.length === 1 ? await named(paths[0] as string, stores, connection) : [];
  if (only) return only;
  throw new OpsProblem(
    `There is no job ${oneLine(id)} in ${placeOf(connection.target)}: looked in ${stores.map(({ name }) => name).join(', ')}`,
  );
}

async function named(
  id: string,
  stores: readonly ActiveJobStore[],
  { ask, target }: Connection,
): Promise<NamedJob[]> {
  const { NotOneJob } = await import('../../../functions/shared/errors.ts');
  const looked = await Promise.all(
    stores.map(async (store) => {
      const call = store.named(id, uncounted()).catch((error: unknown) => {
        throw error instanceof NotOneJob ? usage(error.message) : error;
      });
      return { store, seen: await ask(`looking for ${oneLine(id)}`, call, placeOf(target, store.source)) };
    }),
  );
  return looked.flatMap(({ store, seen }) => (seen ? [{ store, seen }] : []));
}

/** The paths of jobs whose id begins so. A collection group has no index by which it could be asked. */
async function beginningWith(
  beginning: string,
  stores: readonly ActiveJobStore[],
  { openSource, ask, target }: Connection,
): Promise<string[]> {
  if (beginning.includes('/')) return [];
  const { FieldPath } = await import('@google-cloud/firestore');
  const { recordsOf } = await import('../../../functions/shared/store/sources/jobs.ts');
  const asked = stores
    .filter(({ source }) => !source.group)
    .map(async ({ source }) => {
      const { docs } = await ask(
        `looking for jobs that begin with ${oneLine(beginning)}`,
        recordsOf(source, openSource(source))
          .orderBy(source.fields.id ?? FieldPath.documentId())
          .startAt(beginning)
          .endAt(`${beginning}${LAST}`)
          .limit(CANDIDATES)
          .select()
          .get(),
        placeOf(target, source),
      );
      return docs.map(({ ref }) => ref.path);
    });
  return (await Promise.all(asked)).flat();
}

import { settingsOf } from '../shared/model/workload/tables.ts';
import type { startFunction } from '../shared/start.ts';
import type { Elsewhere } from '../shared/store/firestore/firestore.ts';
import { backendJobStore } from '../shared/store/sources/backend-jobs.ts';
import { type JobLinks, jobLinks } from './refresh/link-jobs.ts';

type Opened = Pick<ReturnType<typeof startFunction>, 'environment' | 'settings' | 'databaseOf' | 'log'>;

/** Opens the sources whose jobs may be among the workloads; those without a backend have no name to know them by. */
export function openJobLinks({ environment, settings, databaseOf, log }: Opened): JobLinks {
  const projectOf = (place: object): string =>
    ('googleProject' in place ? (place as Elsewhere).googleProject : undefined) ??
    environment.GOOGLE_CLOUD_PROJECT;
  const sources = Object.entries(settings.sources).flatMap(([name, source]) => {
    const { backend } = source;
    if (!backend) return [];
    const store = backendJobStore(name, source, databaseOf(source), log);
    return [{ store, backend: { settings: backend, project: projectOf(backend) } }];
  });
  return jobLinks(sources, (table) => projectOf(settingsOf(table, settings.workloads)));
}

import builtIn from '../../functions/catalog.json' with { type: 'json' };
import type { CatalogEntry } from '../../functions/shared/catalog.ts';
import { freshFile } from './folders.ts';

/** What the catalogue says of a daily task, as its file has it. */
export const ENTRY: Omit<CatalogEntry, 'task'> = {
  entryPoint: 'doDuty',
  description: 'a duty',
  enabled: true,
  schedule: '0 2 * * *',
  timeoutSeconds: 540,
  attemptDeadlineSeconds: 600,
  leaseSeconds: 90,
  startGraceSeconds: 900,
  retry: { count: 3, minBackoffSeconds: 60, maxBackoffSeconds: 600, maxDoublings: 3 },
  memory: '512Mi',
};

/** The path of a catalogue of `task` alone, with `over` over its entry: a stack starts a process for each that it has. */
export function catalogOf(task: keyof typeof builtIn, over: Partial<CatalogEntry> = {}): string {
  return freshFile('catalog.json', JSON.stringify({ [task]: { ...builtIn[task], ...over } }));
}

/** The path of a catalogue of some tasks and services. */
export function catalogOfSome(...names: (keyof typeof builtIn)[]): string {
  return freshFile(
    'catalog.json',
    JSON.stringify(Object.fromEntries(names.map((name) => [name, builtIn[name]]))),
  );
}

/** The path of a catalogue of all tasks, each at most once a day. */
export function dailyCatalog(): string {
  const noon = { schedule: '0 12 * * *' };
  const seldom = {
    'sweep-stale-jobs': { ...builtIn['sweep-stale-jobs'], ...noon },
    'observe-workloads': { ...builtIn['observe-workloads'], ...noon },
  };
  return freshFile('catalog.json', JSON.stringify({ ...builtIn, ...seldom }));
}

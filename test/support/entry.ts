import type { CatalogEntry } from '../../functions/shared/catalog.ts';

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

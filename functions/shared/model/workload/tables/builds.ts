import { z } from 'zod';
import { anyTable, type WorkloadTable } from './table.ts';

/** Builds of Cloud Build: those of regions, and those of no region. */
export const builds = {
  title: 'Builds',
  section: 'builds',
  settings: z.strictObject(anyTable),
  place: 'region',
  placesOf: (regions) => ['global', ...regions],
  permissions: {
    cloudbuild: ['cloudbuild.builds.get', 'cloudbuild.builds.list'],
    logging: ['logging.logEntries.list'],
  },
  endsAgain: false,
} satisfies WorkloadTable;

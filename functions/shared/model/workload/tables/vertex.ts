import { z } from 'zod';
import { anyTable, type WorkloadTable } from './table.ts';

/** Custom jobs of Vertex AI. */
export const vertex = {
  title: 'Vertex AI',
  section: 'vertex',
  settings: z.strictObject(anyTable),
  place: 'region',
  placesOf: (regions) => regions,
  permissions: {
    aiplatform: ['aiplatform.customJobs.get', 'aiplatform.customJobs.list'],
    logging: ['logging.logEntries.list'],
  },
  endsAgain: false,
} satisfies WorkloadTable;

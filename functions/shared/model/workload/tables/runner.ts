import { z } from 'zod';
import { anyTable, type WorkloadTable } from './table.ts';

/** Executions of one Cloud Run job, such as an agent that launches others. */
export const runner = {
  title: 'Runner',
  section: 'runner',
  settings: z.strictObject({
    ...anyTable,
    /** The job; `-` for every job. */
    job: z
      .string()
      .regex(/^(-|[a-z]([a-z0-9-]{0,61}[a-z0-9])?)$/, { error: 'the name of a Cloud Run job, or -' }),
  }),
  place: 'region',
  placesOf: (regions) => regions,
  permissions: {
    run: ['run.executions.get', 'run.executions.list'],
    logging: ['logging.logEntries.list'],
  },
  endsAgain: false,
} satisfies WorkloadTable;

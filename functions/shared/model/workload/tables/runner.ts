import { z } from 'zod';
import { OWN_WORDS } from '../rules/own.ts';
import { anyTable, type WorkloadTable } from './table.ts';

/** Words as they stand in a line of the log; a short one would be found everywhere. */
const word = (given: string) => z.string().trim().min(3).max(100).default(given);

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
    /** What its own program says, before why it stopped and before the number of jobs that it ran. */
    own: z.strictObject({ marker: word(OWN_WORDS.marker), counter: word(OWN_WORDS.counter) }).prefault({}),
  }),
  place: 'region',
  placesOf: (regions) => regions,
  permissions: {
    run: ['run.executions.get', 'run.executions.list'],
    logging: ['logging.logEntries.list'],
  },
  endsAgain: false,
} satisfies WorkloadTable;

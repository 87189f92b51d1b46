import { z } from 'zod';
import { type BackendKind, googlePlace } from './backend-kind.ts';

/** Executions of Cloud Run jobs: `projects/P/locations/R/jobs/J/executions/E`, or `J/executions/E`, or `E`. */
export const cloudRun = {
  settings: z.strictObject({ kind: z.literal('cloud-run'), ...googlePlace }),
  // Only its log says why an execution failed.
  permissions: { run: ['run.executions.get'], logging: ['logging.logEntries.list'] },
} satisfies BackendKind;

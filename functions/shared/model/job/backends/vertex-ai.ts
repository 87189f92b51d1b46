import { z } from 'zod';
import { type BackendKind, googlePlace } from './backend-kind.ts';

/** Custom jobs of Vertex AI: `projects/P/locations/R/customJobs/ID`, or the ID. */
export const vertexAi = {
  settings: z.strictObject({ kind: z.literal('vertex-ai'), ...googlePlace }),
  permissions: { aiplatform: ['aiplatform.customJobs.get', 'aiplatform.customJobs.list'] },
} satisfies BackendKind;

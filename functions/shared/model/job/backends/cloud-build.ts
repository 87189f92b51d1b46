import { z } from 'zod';
import { type BackendKind, googlePlace } from './backend-kind.ts';

/** Builds of Cloud Build: `projects/P/locations/R/builds/ID`, or the ID; without a region, a build is `global`. */
export const cloudBuild = {
  settings: z.strictObject({ kind: z.literal('cloud-build'), ...googlePlace }),
  permissions: { cloudbuild: ['cloudbuild.builds.get'] },
} satisfies BackendKind;

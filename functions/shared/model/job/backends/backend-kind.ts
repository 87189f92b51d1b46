import { z } from 'zod';
import { region } from '../../forms.ts';
import type { Permissions } from '../../google-apis.ts';

/** One kind of backend: all that is known of it without asking it. */
export interface BackendKind {
  /** The strict schema of its settings, which begin with its `kind`. */
  settings: z.ZodObject;
  /** What asking it needs of Google's APIs; infra/iam.tf grants it. */
  permissions: Permissions;
}

/** Where ids that are no full resource names belong. */
export const googlePlace = {
  /** Nightshift's own project unless named. */
  googleProject: z.string().min(1).optional(),
  region: region.optional(),
};

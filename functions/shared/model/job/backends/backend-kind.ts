import { z } from 'zod';
import { region } from '../../forms.ts';
import type { Permissions } from '../../google-apis.ts';

/** One kind of backend: everything that is known without asking it. */
export interface BackendKind {
  /** The strict schema of its settings, which begin with its `kind`. */
  settings: z.ZodObject;
  /** The permissions that asking it needs, by Google's API; infra/iam.tf grants them. */
  permissions: Permissions;
}

/** The place of ids that are no full resource names. */
export const googlePlace = {
  /** Nightshift's own project unless named. */
  googleProject: z.string().min(1).optional(),
  region: region.optional(),
};

import { z } from 'zod';
import type { Permissions } from '../../google-apis.ts';

/** One workload table: everything that is known of it without asking it. */
export interface WorkloadTable {
  /** What a person calls it. */
  title: string;
  /** The strict schema of its settings. */
  settings: z.ZodObject;
  /** The places that are asked, one call each, where the settings name `regions`. */
  placesOf(regions: readonly string[]): readonly string[];
  /** The permissions that asking it needs, by Google's API; infra/iam.tf grants them. */
  permissions: Permissions;
}

/** What the settings of every table may hold. */
export const anyTable = {
  /** Where to look, when not in Nightshift's own project. */
  googleProject: z.string().min(1).optional(),
};

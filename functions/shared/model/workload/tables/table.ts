import { z } from 'zod';
import type { Permissions } from '../../google-apis.ts';

/** The keys of the settings that name tables; tables of one platform share one. */
export const SECTIONS = ['builds', 'runner', 'wandb', 'vertex'] as const;
export type Section = (typeof SECTIONS)[number];

/** One workload table: everything that is known of it without asking it. */
export interface WorkloadTable<Settings extends z.ZodObject = z.ZodObject> {
  /** What a person calls it. */
  title: string;
  section: Section;
  /** The strict schema of its settings. */
  settings: Settings;
  /** What its places are. */
  place: Place;
  /** The places that are asked, one call each, where the settings name `regions`. */
  placesOf(regions: readonly string[], settings: z.infer<Settings>): readonly string[];
  /** The permissions that asking it needs, by Google's API; infra/iam.tf grants them. */
  permissions: Permissions;
  /** Whether what has ended may go on and end again: then an end is remembered with its time, and says nothing of the next one. */
  endsAgain: boolean;
}

/** A region of Google's, or a project of another platform. */
export const PLACES = ['region', 'project'] as const;
export type Place = (typeof PLACES)[number];

/** What the settings of every table of Google's may hold. */
export const anyTable = {
  /** Where to look, when not in Nightshift's own project. */
  googleProject: z.string().min(1).optional(),
};

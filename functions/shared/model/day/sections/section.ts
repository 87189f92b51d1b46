import { z } from 'zod';
import type { ApiName, Permissions } from '../../google-apis.ts';

/** What every section of the platform is made of, and what a metric source has to say of its own. */

/** The most rows that a section holds, the largest first: its totals count all, `more` says how many are not listed. */
export const MOST_ROWS = 200;

export const count = z.int().min(0);
export const bytes = z.number().min(0);

/** The end of every section: how many rows are not listed, and the parts, such as regions, that gave no answer. */
export const rowsAndParts = { more: count, missing: z.array(z.string()) };

/** Monitoring keeps Google's own metrics for 24 months (https://docs.cloud.google.com/monitoring/quotas). */
export const MONITORING_DAYS = 700;

export const deadlineSeconds = z.number().positive().max(300);

/** What the settings of every metric source of the platform may hold. */
export const anySource = {
  /** Where to look, when not in Nightshift's own project. */
  googleProject: z.string().min(1).optional(),
  /** In place of the deadline of all. */
  deadlineSeconds: deadlineSeconds.optional(),
};

/** The settings that every metric source has. */
export interface AnySourceSettings {
  googleProject?: string | undefined;
  deadlineSeconds?: number | undefined;
}

/** An API that a source asks, and one of the regions where it does. */
export interface ApiUse<Api extends ApiName> {
  api: Api;
  region?: string | undefined;
}

/** One metric source of the platform: all that is known of it without asking it. */
export interface SectionDefinition<
  Figures extends { missing: string[] },
  Settings extends AnySourceSettings,
  SectionTotals extends object,
  Needs extends Permissions,
> {
  /** The strict schema of what a day stores of it. A total is `null` where it is unknown, never zero. */
  figures: z.ZodType<Figures>;
  /** The schema of its settings; `{}` has to be enough. */
  settings: z.ZodType<Settings>;
  /** How many days back its APIs still answer with the truth: beyond, they answer nothing, which is not zero. */
  reachDays: number;
  /** The APIs that it asks under its settings, besides Cloud Monitoring. */
  uses(settings: Settings): ApiUse<keyof Needs & ApiName>[];
  /** What it needs for them, at most; infra/iam.tf grants it. */
  permissions: Needs;
  /** `found`, but with the figures that only the day after can show as they were seen first. */
  keepSeen(found: Figures, stored: Figures): Figures;
  /** The section without its rows. */
  totals(section: Figures): SectionTotals;
}

/** Defines a metric source of the platform. */
export function defineSection<
  Figures extends { missing: string[] },
  Settings extends AnySourceSettings,
  SectionTotals extends object,
  Needs extends Permissions,
>(
  definition: SectionDefinition<Figures, Settings, SectionTotals, Needs>,
): SectionDefinition<Figures, Settings, SectionTotals, Needs> {
  return definition;
}

/** `section` without `keys`, its other keys in their order. */
export function without<T extends object, Key extends keyof T>(section: T, ...keys: Key[]): Omit<T, Key> {
  return Object.fromEntries(
    Object.entries(section).filter(([key]) => !(keys as PropertyKey[]).includes(key)),
  ) as Omit<T, Key>;
}

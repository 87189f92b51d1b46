import type { z } from 'zod';
import { bigquery } from './sections/bigquery.ts';
import { cloudRun } from './sections/cloud-run.ts';
import { database } from './sections/database.ts';
import type { SectionDefinition } from './sections/section.ts';
import { storage } from './sections/storage.ts';

/**
 * The metric sources of the platform around the jobs, one line each: their names in the settings, in a day's sections and
 * in its `sources`. All that is known of one without asking it is in its file; collect-metrics/sources/ asks it, and
 * scripts/words/sections/ words it. Whatever a source leaves out does not compile.
 */
export const SECTIONS = { storage, bigquery, cloudRun, database };

export type PlatformSource = keyof typeof SECTIONS;
export const PLATFORM_SOURCES = Object.keys(SECTIONS) as PlatformSource[];

/** What a day stores of each source. */
export type PlatformFigures = { [Source in PlatformSource]: z.infer<(typeof SECTIONS)[Source]['figures']> };

/** What stands for a day of each source; `null` where it never answered or is not asked. */
export type PlatformSections = { [Source in PlatformSource]: PlatformFigures[Source] | null };

/** The settings of each source. */
export type PlatformSettings = { [Source in PlatformSource]: z.infer<(typeof SECTIONS)[Source]['settings']> };

/** Those sources that the settings name. */
export type NamedSources = { [Source in PlatformSource]?: PlatformSettings[Source] | undefined };

/** What a person looks at first of each source. */
export type PlatformTotals = { [Source in PlatformSource]: ReturnType<(typeof SECTIONS)[Source]['totals']> };

type DefinitionOf<Source extends PlatformSource> = SectionDefinition<
  PlatformFigures[Source],
  PlatformSettings[Source],
  PlatformTotals[Source],
  (typeof SECTIONS)[Source]['permissions']
>;

/** The Google APIs that the sources ask besides Cloud Monitoring. */
export type PlatformApi = {
  [Source in PlatformSource]: keyof (typeof SECTIONS)[Source]['permissions'];
}[PlatformSource];

/** The definition of a source, typed by its name, which a lookup in SECTIONS alone is not. */
export function sectionOf<Source extends PlatformSource>(source: Source): DefinitionOf<Source> {
  const definitions: { [Each in PlatformSource]: DefinitionOf<Each> } = SECTIONS;
  return definitions[source];
}

/** A record of what `of` makes of each source. */
export function perSource<Values extends { [Source in PlatformSource]: unknown }>(
  of: (source: PlatformSource) => Values[PlatformSource],
): Values {
  return Object.fromEntries(PLATFORM_SOURCES.map((source) => [source, of(source)])) as Values;
}

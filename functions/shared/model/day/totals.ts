import type { GpuFigures, JobFigures, Sections } from './day.ts';
import {
  PLATFORM_SOURCES,
  type PlatformSections,
  type PlatformSource,
  type PlatformTotals,
  sectionOf,
} from './platform.ts';

/** A day's sections without their rows: what a person looks at first. Sections that are `null` are left out. */
export interface Totals extends Partial<PlatformTotals> {
  jobs?: JobFigures;
  gpu?: GpuFigures;
  etl?: JobFigures;
}

/** The totals of a day's sections. */
export function totalsOf(day: Sections): Totals {
  const { jobs, gpu, etl } = day;
  return Object.assign(
    { ...(jobs && { jobs }), ...(gpu && { gpu }), ...(etl && { etl }) },
    ...PLATFORM_SOURCES.map((source) => platformTotals(source, day)),
  );
}

function platformTotals<Source extends PlatformSource>(
  source: Source,
  day: PlatformSections,
): { [Each in PlatformSource]?: PlatformTotals[Source] } {
  const section = day[source];
  return section ? { [source]: sectionOf(source).totals(section) } : {};
}

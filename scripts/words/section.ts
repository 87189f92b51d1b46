import type {
  GpuFigures,
  JobFigures,
  RecordSource,
  Sections,
  SourceState,
} from '../../functions/shared/model/day/day.ts';
import { PLATFORM_SOURCES, type PlatformSource } from '../../functions/shared/model/day/platform.ts';
import { fieldsOf, isObject } from '../shared/objects.ts';
import type { Entry } from './entries.ts';
import { figure, UNKNOWN } from './figures.ts';
import { bigqueryWords } from './sections/bigquery.ts';
import { cloudRunWords } from './sections/cloud-run.ts';
import { databaseWords } from './sections/database.ts';
import {
  count,
  known,
  type Loose,
  type SectionEntry,
  type SectionWords,
  type Words,
} from './sections/section-words.ts';
import { storageWords } from './sections/storage.ts';
import { firstLine, paint } from './terminal.ts';

/** The words of each metric source of the platform, in the order in which a day shows them. */
export const SECTION_WORDS: { [Source in PlatformSource]: SectionWords<Source> } = {
  bigquery: bigqueryWords,
  storage: storageWords,
  cloudRun: cloudRunWords,
  database: databaseWords,
};

interface ShownEntry extends SectionEntry {
  /** The section of a day that it belongs to, and the metric source that finds this. */
  section: keyof Sections;
  source: RecordSource | PlatformSource;
}

const whole = (section: unknown) => section;
const ENTRIES: readonly ShownEntry[] = [
  { label: 'Jobs', source: 'jobs', section: 'jobs', of: whole, words: jobsInWords },
  { label: 'GPU', source: 'jobs', section: 'gpu', of: whole, words: gpuInWords, unknown: 'without reason' },
  { label: 'ETL', source: 'etl', section: 'etl', of: whole, words: etlInWords },
  ...(Object.keys(SECTION_WORDS) as PlatformSource[]).flatMap((source) =>
    SECTION_WORDS[source].entries.map((entry) => ({ ...entry, source, section: source })),
  ),
];

/**
 * The sections of a day, `-` for every figure that is not known. A section that is `null` is shown, with the reason, when
 * `sources` says that it was asked for, and left out otherwise.
 */
export function sectionsInWords(day: Loose<Sections>, sources: unknown): Entry[] {
  return ENTRIES.flatMap(({ label, source, section, of, words, unknown }): Entry[] => {
    const part = of(day[section]);
    if (isObject(part)) {
      const { text, rows, more } = words(part);
      return [{ label, lines: [text], rows, more }];
    }
    const state = fieldsOf(sources)[source];
    if (!isObject(state) || unknown === 'left out') return [];
    const { error }: Loose<SourceState> = state;
    const reason = unknown === undefined && typeof error === 'string' ? `  (${firstLine(error)})` : '';
    return [{ label, lines: [`${UNKNOWN}${reason}`], tone: paint.yellow }];
  });
}

/** What figures are called, by the section that they are of, or by the key of an inner map. */
export const FIGURE_NAMES: Readonly<Record<string, string>> = {
  jobs: 'jobs',
  gpu: 'GPU',
  etl: 'ETL',
  ...Object.fromEntries(PLATFORM_SOURCES.map((source) => [source, SECTION_WORDS[source].name])),
};
export const PART_NAMES: Readonly<Record<string, string>> = Object.assign(
  {},
  ...PLATFORM_SOURCES.map((source) => SECTION_WORDS[source].parts ?? {}),
);

function jobsInWords(jobs: Loose<JobFigures>): Words {
  const never = jobs.neverStarted === 0 ? '' : `, ${count(jobs.neverStarted)} of them never started`;
  return {
    text:
      `${count(jobs.completed)} completed, ${count(jobs.failed)} failed, ${count(jobs.cancelled)} cancelled${never}; ` +
      `${count(jobs.started)} started, ${count(jobs.inFlight)} in flight at the end`,
  };
}

function gpuInWords({ hoursUsed, hoursCompleted }: Loose<GpuFigures>): Words {
  return {
    text: `${hours(hoursUsed)} GPU-hours used; jobs that ended took ${hours(hoursCompleted)} in all`,
  };
}

function etlInWords({ completed, failed, cancelled, inFlight }: Loose<JobFigures>): Words {
  const stopped = cancelled === 0 ? '' : `, ${count(cancelled)} cancelled`;
  return {
    text: `${count(completed)} completed, ${count(failed)} failed${stopped}; ${count(inFlight)} running at the end`,
  };
}

function hours(value: unknown): string {
  return figure(known(value), 1);
}

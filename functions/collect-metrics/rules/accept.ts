import { hash } from 'node:crypto';
import {
  type DailyMetrics,
  type Figures,
  type Findings,
  type MetricSource,
  NO_SECTIONS,
  type Sections,
  type SourceState,
  sectionsOf,
} from '../../shared/model/day/day.ts';
import {
  PLATFORM_SOURCES,
  type PlatformFigures,
  type PlatformSections,
  type PlatformSource,
} from '../../shared/model/day/platform.ts';
import { stable } from '../../shared/model/stable.ts';
import { keepSeen } from './seen-once.ts';

/** The result of one metric source for a day: what it found, or why it failed. */
export type Result<Found> = { durationMs: number } & ({ found: Found } | { error: string });

/** The results of the sources that were asked for a day. */
export type Results = { [Source in MetricSource]?: Result<Findings[Source]> };

/** The sources as they were asked. */
export interface AskedSources {
  /** When they were asked. */
  at: Date;
  /** Whether the day had ended by then: before that, nothing can settle. */
  closed: boolean;
  /** Since when each failing source fails. */
  failingSince: ReadonlyMap<MetricSource, Date>;
}

/** The sections and states of a day after its sources were asked. */
export interface Accepted {
  sections: Sections;
  states: DailyMetrics['sources'];
  /** The figures of the records that were read. */
  records: { jobs: Figures | undefined; etl: Figures | undefined };
  /** The sources whose figures differ from the stored ones. */
  changed: MetricSource[];
}

/**
 * Puts what the sources found in place of the stored sections. A stored section stays where its source failed, and where
 * parts are missing now that it has. Figures that can be seen only on the day after stay as they were seen first.
 */
export function accept(stored: DailyMetrics | null, results: Results, asking: AskedSources): Accepted {
  const before: PlatformSections = stored ?? NO_SECTIONS;
  const states = { ...stored?.sources };
  const changed: MetricSource[] = [];

  function take<Source extends MetricSource>(
    source: Source,
    keep: (found: Findings[Source]) => Findings[Source] = (found) => found,
  ): Findings[Source] | undefined {
    const result: Result<Findings[Source]> | undefined = results[source];
    if (!result) return undefined;
    const state = stored?.sources[source];
    const bookkeeping = { durationMs: result.durationMs, before: state };
    if ('error' in result) {
      const since = asking.failingSince.get(source) ?? asking.at;
      states[source] = unanswered({ ...bookkeeping, error: result.error, failingSince: since });
      return undefined;
    }
    const found = keep(result.found);
    const missing = missingIn(found);
    const stands = stored?.[source];
    if (stands && missing.some((part) => !missingIn(stands).includes(part))) {
      states[source] = unanswered({ ...bookkeeping, error: words(missing), failingSince: null });
      return undefined;
    }
    const fingerprint = fingerprintOf(found);
    if (fingerprint !== state?.fingerprint) changed.push(source);
    states[source] = answered({ ...bookkeeping, missing, fingerprint, asking });
    return found;
  }

  function takeSection<Source extends PlatformSource>(source: Source): Partial<PlatformFigures> {
    const section = take(source, (found) => keepSeen(source, found, before) as Findings[Source]);
    return section ? { [source]: section } : {};
  }

  const jobs = take('jobs');
  const etl = take('etl');
  const platform: Partial<PlatformFigures> = Object.assign({}, ...PLATFORM_SOURCES.map(takeSection));
  return {
    sections: {
      ...sectionsOf(stored ?? NO_SECTIONS),
      ...(jobs && { jobs: jobs.jobs, gpu: jobs.gpu }),
      ...(etl && { etl: etl.jobs }),
      ...platform,
    },
    states,
    records: { jobs, etl },
    changed,
  };
}

function answered(outcome: {
  before: SourceState | undefined;
  durationMs: number;
  missing: string[];
  fingerprint: string;
  asking: AskedSources;
}): SourceState {
  const { before, durationMs, missing, fingerprint, asking } = outcome;
  const whole = missing.length === 0;
  const same = before?.fingerprint === fingerprint;
  return {
    status: whole ? 'ok' : 'partial',
    durationMs,
    error: whole ? null : words(missing),
    collectedAt: asking.at,
    failingSince: null,
    settledSince: whole && asking.closed ? ((same ? before.settledSince : null) ?? asking.at) : null,
    fingerprint,
  };
}

function unanswered(outcome: {
  before: SourceState | undefined;
  durationMs: number;
  error: string;
  failingSince: Date | null;
}): SourceState {
  const { before, durationMs, error, failingSince } = outcome;
  return {
    status: before?.collectedAt ? 'stale' : 'failed',
    durationMs,
    error,
    collectedAt: before?.collectedAt ?? null,
    failingSince,
    settledSince: before?.settledSince ?? null,
    fingerprint: before?.fingerprint ?? '',
  };
}

function missingIn(section: object): string[] {
  return 'missing' in section ? (section as { missing: string[] }).missing : [];
}

function words(missing: readonly string[]): string {
  return `no answer from ${missing.join(', ')}`;
}

/**
 * Hashes everything that a source found, also the rows and names of jobs: a record that moves to another project leaves the
 * sums of the day as they are. Faults of records are left out, because they are no figures.
 */
function fingerprintOf(found: Findings[MetricSource]): string {
  const says = 'faults' in found ? [found.jobs, found.gpu, found.projects, found.members] : found;
  return hash('sha256', stable(says), 'base64url');
}

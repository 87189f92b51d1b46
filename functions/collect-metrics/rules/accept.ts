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

/** What one metric source brought for a day: what it found, or why nothing. */
export type Result<Found> = { durationMs: number } & ({ found: Found } | { error: string });

/** What the sources that were asked for a day brought. */
export type Results = { [Source in MetricSource]?: Result<Findings[Source]> };

/** When the sources were asked, and what is known of them. */
export interface AskedSources {
  at: Date;
  /** Whether the day had ended: before that, nothing can settle. */
  closed: boolean;
  /** Since when each source fails that does. */
  failingSince: ReadonlyMap<MetricSource, Date>;
}

/** What stands for a day after its sources were asked. */
export interface Accepted {
  sections: Sections;
  states: DailyMetrics['sources'];
  /** What the records came to that were read. */
  records: { jobs: Figures | undefined; etl: Figures | undefined };
  /** The sources that say something else than before. */
  changed: MetricSource[];
}

/**
 * Takes over what the sources found. A source that failed never replaces a section that stands, nor does one that lacks
 * parts which stand; figures that only the day after can show stay as they were seen first.
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

function answered(it: {
  before: SourceState | undefined;
  durationMs: number;
  missing: string[];
  fingerprint: string;
  asking: AskedSources;
}): SourceState {
  const { before, durationMs, missing, fingerprint, asking } = it;
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

function unanswered(it: {
  before: SourceState | undefined;
  durationMs: number;
  error: string;
  failingSince: Date | null;
}): SourceState {
  const { before, durationMs, error, failingSince } = it;
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
 * Hashes all that a source found. A record that goes from one project to another leaves the day's sums alone, but neither its
 * rows nor its names; what is wrong with records is no figure.
 */
function fingerprintOf(found: Findings[MetricSource]): string {
  const says = 'faults' in found ? [found.jobs, found.gpu, found.projects, found.members] : found;
  return hash('sha256', stable(says), 'base64url');
}

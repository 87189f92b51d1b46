import { z } from 'zod';
import { HOUR_MS } from '../../dates.ts';
import {
  PLATFORM_SOURCES,
  type PlatformFigures,
  type PlatformSource,
  perSource,
  SECTIONS,
} from './platform.ts';

/** One day's figures, `dailyMetrics/{YYYY-MM-DD}`. Sections are strict: a bookkeeping counter can never leak in. */

/** The metric sources that are read from the user's own records, and those that Google's APIs are asked for. */
export const RECORD_SOURCES = ['jobs', 'etl'] as const;
export type RecordSource = (typeof RECORD_SOURCES)[number];
export const METRIC_SOURCES = [...RECORD_SOURCES, ...PLATFORM_SOURCES] as const;
export type MetricSource = (typeof METRIC_SOURCES)[number];

/** Whether a metric source is read from the user's own records. */
export function isRecordSource(source: MetricSource): source is RecordSource {
  return (RECORD_SOURCES as readonly MetricSource[]).includes(source);
}

export const jobFiguresSchema = z.strictObject({
  /** Jobs whose start lies on the day. */
  started: z.int(),
  /** Jobs that ended on the day, whatever day they began, started or not, by outcome. */
  completed: z.int(),
  failed: z.int(),
  cancelled: z.int(),
  /** How many of those that ended never started. */
  neverStarted: z.int(),
  /** Started before the day's end and not ended before it. */
  inFlight: z.int(),
});
export type JobFigures = z.infer<typeof jobFiguresSchema>;

const gpuFiguresSchema = z.strictObject({
  /** GPU-hours used on the day: GPUs x overlap of the job with the day, over all jobs, running ones included. */
  hoursUsed: z.number(),
  /** All GPU-hours of the jobs that ended on the day, whichever day they were used on. */
  hoursCompleted: z.number(),
  /** GPU-hours so far of the jobs in flight at the day's end. */
  hoursAccrued: z.number(),
});
export type GpuFigures = z.infer<typeof gpuFiguresSchema>;

/** What the records of one source came to on one day; a pure function of them. */
export interface Figures {
  jobs: JobFigures;
  gpu: GpuFigures;
  projects: ProjectRow[];
  faults: RecordFaults;
  /** Jobs that ended on the day at an end that the sweep inferred, which no record reported. */
  inferredEnds: number;
  /** Names of the jobs that started or ended on the day, sorted. */
  members: string[];
}

/** What each metric source finds for a day, by its name. ETL runs are counted by the same rules as training jobs. */
export interface Findings extends PlatformFigures {
  jobs: Figures;
  etl: Figures;
}

/** `dailyMetrics/{date}/projects/{projectId}`: the same figures of one ML project. */
export const projectRowSchema = z.strictObject({
  project: z.string(),
  jobs: jobFiguresSchema,
  gpu: gpuFiguresSchema,
  /** Bytes that the artifacts of the jobs that ended on the day take; `null` where no record says it. */
  artifactBytes: z.number().min(0).nullable().default(null),
});
export type ProjectRow = z.infer<typeof projectRowSchema>;

/** What was wrong with the records behind the figures; at most 100 ids each, the totals count all. */
const recordFaultsSchema = z.strictObject({
  /** End before start: counted as start = end. */
  skewed: z.array(z.string()),
  /**
   * Terminal without an end, running without a start or with an end after it, or a field that mattered and cannot be read:
   * left out of the figure.
   */
  malformed: z.array(z.string()),
  /** A status that is not mapped: left out. */
  unmapped: z.array(z.string()),
  totals: z.strictObject({ skewed: z.int(), malformed: z.int(), unmapped: z.int() }),
  /** What is wrong with some of them, in words. */
  reasons: z.array(z.strictObject({ id: z.string(), because: z.string() })).default([]),
});
export type RecordFaults = z.infer<typeof recordFaultsSchema>;

/** A figure against what the stored day before demands; `unknown` where there is none. */
const checkSchema = z.strictObject({
  status: z.enum(['holds', 'broken', 'unknown']),
  expected: z.number().nullable(),
  actual: z.number().nullable(),
});
export type Check = z.infer<typeof checkSchema>;

/** Jobs that ended on the day and whose end was inferred, so that hours built on a guess are never taken for a measurement. */
const inferredEndsSchema = z.int().default(0);

const checksSchema = z.strictObject({
  inFlight: checkSchema,
  hoursUsed: checkSchema,
  ...recordFaultsSchema.shape,
  inferredEnds: inferredEndsSchema,
  /** The same of the ETL runs; `null` where none were ever read. */
  etl: z
    .strictObject({
      inFlight: checkSchema,
      ...recordFaultsSchema.shape,
      inferredEnds: inferredEndsSchema,
    })
    .nullable()
    .default(null),
});
export type Checks = z.infer<typeof checksSchema>;

/** How a metric source stood when it was last asked for the day. */
const sourceStateSchema = z.strictObject({
  /**
   * `partial`: it answered but for what its section names as missing. `stale`: it failed, and its last good section
   * stands. `failed`: it never succeeded for this day.
   */
  status: z.enum(['ok', 'partial', 'stale', 'failed']),
  durationMs: z.number(),
  error: z.string().nullable(),
  /** When the section that stands was last collected; `null` when there is none. */
  collectedAt: z.date().nullable(),
  /** Since when the source has been failing, on whatever day; `null` while it answers. */
  failingSince: z.date().nullable().default(null),
  /** Since when what it found is the same, seen after the day's end; `null` until then. */
  settledSince: z.date().nullable().default(null),
  /** Changes with whatever it found, also where the day adds up to the same. */
  fingerprint: z.string().default(''),
});
export type SourceState = z.infer<typeof sourceStateSchema>;

/** Two collections this far apart that found the same, after the day's end, settle what a source says of a day. */
const SETTLE_MS = 20 * HOUR_MS;

/** Whether nothing more is expected of a source for the day. */
export function isSettled(state: SourceState | undefined): boolean {
  if (!state?.settledSince || !state.collectedAt) return false;
  return state.collectedAt.getTime() - state.settledSince.getTime() >= SETTLE_MS;
}

/** What sank when records vanished, for the person who has to settle it. */
const conflictSchema = z.strictObject({
  started: z.int(),
  ended: z.int(),
  hoursCompleted: z.number(),
  /** Names of vanished records, at most 100. */
  vanished: z.array(z.string()),
  alarmId: z.string(),
});

type PlatformShape = {
  [Source in PlatformSource]: z.ZodDefault<z.ZodNullable<z.ZodType<PlatformFigures[Source]>>>;
};

/** What stands for a day, by metric source; `null` where it never answered or is not asked for. */
const sectionsSchema = z.strictObject({
  jobs: jobFiguresSchema.nullable(),
  gpu: gpuFiguresSchema.nullable(),
  etl: jobFiguresSchema.nullable().default(null),
  ...perSource<PlatformShape>((source) => {
    const figures: z.ZodType<unknown> = SECTIONS[source].figures;
    return figures.nullable().default(null) as PlatformShape[PlatformSource];
  }),
});
export type Sections = z.infer<typeof sectionsSchema>;

/** `dailyMetrics/{date}`: what stands for a day, and how sure it is. */
export const daySchema = z.strictObject({
  date: z.string(),
  status: z.enum(['provisional', 'final', 'conflict']),
  /** 1 for the first figures of the day, one more each time they changed. */
  revision: z.int().min(1),
  /** When the figures that stand were collected. */
  collectedAt: z.date(),
  /** Since when the figures of every source are the same, seen after the day's end; `null` until then. */
  settledSince: z.date().nullable(),
  finalAt: z.date().nullable(),
  ...sectionsSchema.shape,
  sources: z.partialRecord(z.enum(METRIC_SOURCES), sourceStateSchema),
  checks: checksSchema,
  conflict: conflictSchema.nullable(),
  /** Distinct jobs and ETL runs that started or ended on the day; their names are below it, to notice a vanished record by. */
  members: z.int(),
  /** Projects with a row below this day. */
  projects: z.array(z.string()),
  runId: z.string(),
});
export type DailyMetrics = z.infer<typeof daySchema>;

/** `dailyMetrics/{date}/revisions/{revision}`: figures that once stood, and why they stand no more. */
export const revisionSchema = z.strictObject({
  revision: z.int().min(1),
  collectedAt: z.date(),
  replacedAt: z.date(),
  cause: z.string(),
  ...sectionsSchema.shape,
});
export type Revision = z.infer<typeof revisionSchema>;

/** The sections of a day of which nothing is known yet. */
export const NO_SECTIONS: Sections = sectionsSchema.parse({ jobs: null, gpu: null });

/** The sections of a day or a revision, and nothing else of it. */
export function sectionsOf(day: Sections): Sections {
  const { jobs, gpu, etl } = day;
  return { jobs, gpu, etl, ...perSource<Pick<Sections, PlatformSource>>((source) => day[source]) };
}

/** Jobs of `figures` that ended on the day. */
export function endedOf(figures: Pick<JobFigures, 'completed' | 'failed' | 'cancelled'>): number {
  return figures.completed + figures.failed + figures.cancelled;
}

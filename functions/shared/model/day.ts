import { z } from 'zod';

/** One day's figures, `dailyMetrics/{YYYY-MM-DD}`. Sections are strict: a bookkeeping counter can never leak in. */

const jobFiguresSchema = z.strictObject({
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

/** What one collection of one day found; a pure function of the job records. */
export interface Figures {
  jobs: JobFigures;
  gpu: GpuFigures;
  projects: ProjectRow[];
  faults: RecordFaults;
  /** Names of the jobs that started or ended on the day, sorted. */
  members: string[];
}

/** `dailyMetrics/{date}/projects/{projectId}`: the same figures of one project. */
export const projectRowSchema = z.strictObject({
  project: z.string(),
  jobs: jobFiguresSchema,
  gpu: gpuFiguresSchema,
});
export type ProjectRow = z.infer<typeof projectRowSchema>;

/** What was wrong with the records behind the figures; at most 100 ids each, the totals tell all. */
const recordFaultsSchema = z.strictObject({
  /** End before start: counted as start = end. */
  skewed: z.array(z.string()),
  /** Terminal without an end, running without a start, or a mistyped field that mattered: left out of the figure. */
  malformed: z.array(z.string()),
  /** A status that nobody mapped: left out. */
  unmapped: z.array(z.string()),
  totals: z.strictObject({ skewed: z.int(), malformed: z.int(), unmapped: z.int() }),
});
export type RecordFaults = z.infer<typeof recordFaultsSchema>;

/** A figure against what the stored day before demands; `unknown` where there is none. */
const checkSchema = z.strictObject({
  status: z.enum(['holds', 'broken', 'unknown']),
  expected: z.number().nullable(),
  actual: z.number().nullable(),
});
export type Check = z.infer<typeof checkSchema>;

const checksSchema = z.strictObject({
  inFlight: checkSchema,
  hoursUsed: checkSchema,
  ...recordFaultsSchema.shape,
});
export type Checks = z.infer<typeof checksSchema>;

/** How a metric source stood at the last collection of the day. */
const sourceStateSchema = z.strictObject({
  /** `stale`: it failed, and its last good section stands. `failed`: it never succeeded for this day. */
  status: z.enum(['ok', 'stale', 'failed']),
  durationMs: z.number(),
  error: z.string().nullable(),
  /** When the section that stands was collected; `null` when there is none. */
  collectedAt: z.date().nullable(),
});
export type SourceState = z.infer<typeof sourceStateSchema>;

/** What sank when records vanished, for the person who has to settle it. */
const conflictSchema = z.strictObject({
  started: z.int(),
  ended: z.int(),
  hoursCompleted: z.number(),
  /** Names of vanished records, at most 100. */
  vanished: z.array(z.string()),
  alarmId: z.string(),
});

/** `dailyMetrics/{date}`: what stands for a day, and how sure it is. */
export const daySchema = z.strictObject({
  date: z.string(),
  status: z.enum(['provisional', 'final', 'conflict']),
  /** 1 for the first figures of the day, one more each time they changed. */
  revision: z.int().min(1),
  /** When the figures that stand were collected. */
  collectedAt: z.date(),
  /** Since when these figures are confirmed after the day's end, every source answering; `null` until then. */
  settledSince: z.date().nullable(),
  finalAt: z.date().nullable(),
  jobs: jobFiguresSchema.nullable(),
  gpu: gpuFiguresSchema.nullable(),
  sources: z.record(z.string(), sourceStateSchema),
  checks: checksSchema,
  conflict: conflictSchema.nullable(),
  /** Distinct jobs that started or ended on the day; their names are below it, to tell a vanished record by. */
  members: z.int(),
  /** Projects with a row below this day. */
  projects: z.array(z.string()),
  /** Changes with the rows and the names, also where the day adds up to the same; empty where there are none. */
  fingerprint: z.string().default(''),
  runId: z.string(),
});
export type DailyMetrics = z.infer<typeof daySchema>;

/** `dailyMetrics/{date}/revisions/{revision}`: figures that once stood, and why they stand no more. */
export const revisionSchema = z.strictObject({
  revision: z.int().min(1),
  collectedAt: z.date(),
  replacedAt: z.date(),
  cause: z.string(),
  jobs: jobFiguresSchema.nullable(),
  gpu: gpuFiguresSchema.nullable(),
});
export type Revision = z.infer<typeof revisionSchema>;

/** Jobs of `figures` that ended on the day. */
export function endedOf(figures: Pick<JobFigures, 'completed' | 'failed' | 'cancelled'>): number {
  return figures.completed + figures.failed + figures.cancelled;
}

/** The figures of a stored day; `null` where no source ever answered for it. */
export function figuresIn({ jobs, gpu }: DailyMetrics): { jobs: JobFigures; gpu: GpuFigures } | null {
  return jobs && gpu ? { jobs, gpu } : null;
}

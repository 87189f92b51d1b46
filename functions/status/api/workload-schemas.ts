import { z } from 'zod';
import { REFRESHERS } from '../../shared/model/workload/refresh.ts';
import { REGION_STATES } from '../../shared/model/workload/region.ts';
import { ourJobSchema, storedReasonSchema, WORKLOAD_STATES } from '../../shared/model/workload/row.ts';
import { PLACES } from '../../shared/model/workload/tables/table.ts';
import { TABLE_NAMES } from '../../shared/model/workload/tables.ts';
import { instantSchema } from './envelope.ts';

/** The data of the answer about workloads. Durations are worked out by whoever shows them, from the instants. */

const instant = instantSchema;
const maybeInstant = instantSchema.nullable();
const count = z.int().min(0);

/** A workload. How old this is stands with its region. */
export const workloadSchema = z.object({
  id: z.string(),
  region: z.string(),
  name: z.string(),
  /** The Cloud Run job of an execution. */
  job: z.string().nullable(),
  state: z.enum(WORKLOAD_STATES),
  /** The platform's own word. */
  said: z.string(),
  createdAt: maybeInstant,
  startedAt: maybeInstant,
  endedAt: maybeInstant,
  /** Since when it has sent no sign of life, where it should. */
  silentSince: maybeInstant,
  /** The run of W&B that a custom job is. */
  wandbRun: z.string().nullable(),
  /** The job of ours that it is, as `/api/jobs/{source}/{id}` names it; also one that has ended. */
  ourJob: ourJobSchema.nullable(),
  reason: storedReasonSchema.nullable(),
  /** Why the reason is not known yet, or not found out. */
  note: z.string().nullable(),
  /** How many jobs a runner says that it ran. */
  jobs: count.nullable(),
  /** Where the platform shows it. */
  link: z.string().nullable(),
});
export type WorkloadAnswer = z.infer<typeof workloadSchema>;

/** A region of a table: its rows are as old as `asOf`; `null` where it never answered. */
export const workloadRegionSchema = z.object({
  region: z.string(),
  state: z.enum(REGION_STATES),
  asOf: maybeInstant,
  /** Why it gives no answer, and since when. */
  error: z.string().nullable(),
  since: maybeInstant,
  /** Whether it has more workloads than were read. */
  more: z.boolean(),
});

export const workloadTableSchema = z.object({
  table: z.enum(TABLE_NAMES),
  title: z.string(),
  /** What its places are: a region of Google's, or a project of W&B. */
  place: z.enum(PLACES),
  /** Those that have not ended first, then the newest; at most 50. */
  rows: z.array(workloadSchema),
  counts: z.partialRecord(z.enum(WORKLOAD_STATES), count),
  regions: z.array(workloadRegionSchema),
  /** Of the region that was seen longest ago; `null` where one never was. */
  asOf: maybeInstant,
  /** Whether every region that is available answered. */
  complete: z.boolean(),
  tookMs: z.number().nullable(),
  slowest: z.object({ region: z.string(), ms: z.number() }).nullable(),
});
export type WorkloadTableAnswer = z.infer<typeof workloadTableSchema>;

const pendingAnswer = z.object({
  table: z.string().nullable(),
  operation: z.string(),
  region: z.string().nullable(),
  stage: z.string(),
  since: instant,
});

/** `/api/workloads` */
export const workloadsAnswerSchema = z.object({
  /** Those that the settings name. */
  tables: z.array(workloadTableSchema),
  /** The last refresh, or the one under way; `null` before the first. */
  refresh: z
    .object({
      by: z.enum(REFRESHERS),
      startedAt: instant,
      /** Until when it counts as under way; `null` once it has ended. */
      liveUntil: maybeInstant,
      progress: z.object({ asked: count, answered: count, pending: z.array(pendingAnswer) }).nullable(),
      /** The calls that were given up on. */
      hung: z.array(pendingAnswer),
      /** The tables that took nearly all of their time, three times in a row or more, and what took longest. */
      slow: z.array(
        z.object({
          table: z.enum(TABLE_NAMES),
          times: count,
          region: z.string().nullable(),
          ms: z.number(),
        }),
      ),
    })
    .nullable(),
});
export type WorkloadsAnswer = z.infer<typeof workloadsAnswerSchema>;

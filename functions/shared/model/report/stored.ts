import { z } from 'zod';
import { CAUSES, REPORTED_STATES } from './report.ts';

/** How the event times of an execution were put on our clock: by the age on the boot clock, by the wall clock, or on receipt. */
export const CLOCKS = ['boot', 'wall', 'server'] as const;
export type EventClock = (typeof CLOCKS)[number];

/** A record keeps so many reports that contradict its end: the first ones. */
export const CONTRADICTIONS_KEPT = 5;

/** A report that told of a recorded end otherwise. */
const contradictionSchema = z.object({
  at: z.date(),
  by: z.string().nullable(),
  execution: z.string(),
  seq: z.number().nullable(),
  state: z.enum(REPORTED_STATES),
});
export type Contradiction = z.infer<typeof contradictionSchema>;

/** A record keeps so many rivals: those that were alive last. */
export const RIVALS_KEPT = 3;

/** An older execution that was alive after the newest had started: two of them ran at once. */
const rivalSchema = z.object({
  execution: z.string(),
  seq: z.number().nullable(),
  host: z.string().nullable(),
  aliveAt: z.date(),
  /** Whether it has not told of its end. */
  live: z.boolean(),
});
export type Rival = z.infer<typeof rivalSchema>;

const orNull = <T extends z.ZodType>(schema: T) => schema.nullable().default(null);

/** `<addedField>.report` of a job's record, or of an execution's: what the newest execution has told of itself. */
export const storedReportSchema = z.object({
  execution: z.string(),
  /** The highest that was applied; `null` where its reporter counts none. */
  seq: orNull(z.number()),
  attempt: orNull(z.number()),
  host: orNull(z.string()),
  /** The e-mail address of whoever reported; `null` beside an emulator. */
  by: orNull(z.string()),
  /** When the newest report came. */
  receivedAt: z.date(),
  clock: z.enum(CLOCKS),
  /** When it was known to be alive, on our clock. */
  aliveAt: orNull(z.date()),
  startedAt: orNull(z.date()),
  /** When it says that it started, where that is too early to be believed: of two executions it tells which came first. */
  saidStart: orNull(z.date()),
  /** The start that its record held when it was last applied, where that is later than its own. */
  recordStart: orNull(z.date()),
  /** Whether it began again under the same name: reports of its life before may still come. */
  restarted: z.boolean().default(false),
  state: z.enum(REPORTED_STATES),
  /** When its final end was received first: clean-up counts its age from here. */
  endReceivedAt: orNull(z.date()),
  cause: orNull(z.enum(CAUSES)),
  exitCode: orNull(z.number()),
  signal: orNull(z.string()),
  checkpoint: orNull(z.object({ uri: z.string(), step: orNull(z.number()) })),
  progress: orNull(
    z.object({
      fraction: orNull(z.number()),
      step: orNull(z.number()),
      of: orNull(z.number()),
      note: orNull(z.string()),
    }),
  ),
  /** When its progress was last received as another one. */
  progressAt: orNull(z.date()),
  /** When a reporter of its host found it dead without an end. */
  goneAt: orNull(z.date()),
  /** Whether it was told to stop. */
  stopping: z.boolean().default(false),
  contradictions: z.array(contradictionSchema).default([]),
  /** Whether an end that the sweep inferred was corrected by the execution's own. */
  falseLost: z.boolean().default(false),
  rivals: z.array(rivalSchema).default([]),
});
export type StoredReport = z.infer<typeof storedReportSchema>;

/** The rivals that may still run at `now`: those heard of within `silentMs` that have not ended. */
export function liveRivals(report: StoredReport | null, now: Date, silentMs: number): Rival[] {
  return (report?.rivals ?? []).filter(
    ({ live, aliveAt }) => live && now.getTime() - aliveAt.getTime() <= silentMs,
  );
}

/** What few executions ever tell of. */
const RARE: readonly string[] = [
  'saidStart',
  'recordStart',
  'restarted',
  'endReceivedAt',
  'signal',
  'goneAt',
  'stopping',
  'falseLost',
  'rivals',
] satisfies (keyof StoredReport)[];

/**
 * What of a report is written: of what is rare nothing where it never happened, for a beat would write it again and again,
 * and Firestore would index it both ways.
 */
export function toStore(report: StoredReport): Record<string, unknown> {
  const isTold = (value: unknown) =>
    value !== null && value !== false && !(Array.isArray(value) && value.length === 0);
  return Object.fromEntries(
    Object.entries(report).filter(([name, value]) => !RARE.includes(name) || isTold(value)),
  );
}

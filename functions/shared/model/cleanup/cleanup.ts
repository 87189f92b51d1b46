import { z } from 'zod';
import { lifeSchema } from '../artifact/artifact-life.ts';
import { JOB_STATES } from '../job/states.ts';

/** The records of clean-ups: plans, what they decided for each job, and the journal of what was deleted. */

/** Why a job's artifacts are kept. The first that applies is stored; the last four depend on other jobs. */
export const KEEP_REASONS = [
  'active',
  'unknown-status',
  'no-artifact',
  'bad-uri',
  'foreign-bucket',
  'deleted-before',
  /** Found by listing: nothing lies there, so nothing was deleted. */
  'nothing-there',
  /** A field that decides is there and cannot be read. */
  'unreadable',
  'no-end',
  'future-end',
  /** Something of it went on after its end. */
  'signs-of-life',
  'young',
  'registered-model',
  'pinned',
  'newest-success',
  /** Found by listing: an object was written after the job's end, so the record is wrong. */
  'written-after-end',
  /** The bucket keeps nothing that could be brought back. */
  'bucket-not-eligible',
  'held',
  /** Its URI may name two places, and both hold objects; or it is what the names of several objects begin with. */
  'ambiguous-uri',
  /** Its objects could not be listed, so it is not known what would be deleted. */
  'unlisted',
  'parent',
  'protected',
  'overlap',
  /** Beyond what one plan takes: the next one's. */
  'later',
] as const;
export type KeepReason = (typeof KEEP_REASONS)[number];

/** What is decided for one job. */
export const decisionSchema = z.strictObject({
  /** `source:path of the document`. */
  job: z.string(),
  id: z.string(),
  source: z.string(),
  project: z.string(),
  model: z.string(),
  state: z.enum([...JOB_STATES, 'unknown']),
  /** Normalised, ending in a slash; as it was written where it cannot be read, and cut there if it is long. */
  uri: z.string().nullable(),
  decision: z.enum(['keep', 'delete']),
  reason: z.enum([...KEEP_REASONS, 'eligible']),
  /** The reason in words, naming what it goes by. */
  because: z.string(),
  /** The nearest rule that would have kept what is deleted. */
  nearest: z.string().nullable(),
  /** Since when nothing but a guard keeps it. */
  eligibleSince: z.date().nullable(),
  /** Whether the source is enforced: in `observe` the decision is shown, and nothing is done. */
  enforced: z.boolean(),
});
export type Decision = z.infer<typeof decisionSchema>;

/** A decision as a plan keeps it: with what was found below the URI, `null` where it was not listed. */
export const planLineSchema = decisionSchema.extend({
  objects: z.int().nullable(),
  bytes: z.number().nullable(),
});
export type PlanLine = z.infer<typeof planLineSchema>;

/** A root that cannot be taken at its word. */
export const oddRootSchema = z.strictObject({
  /** Who names it, such as the job and its field. */
  by: z.string(),
  /** What is wrong with it. */
  why: z.string(),
  /** URIs of all that it keeps; in a stored plan the first of them, and how many more there are. */
  keeps: z.array(z.string()),
  /** By what an approval remembers it; `null` where it keeps everything that it may name, so that no plan waits for it. */
  key: z.string().nullable(),
});
export type OddRoot = z.infer<typeof oddRootSchema>;

/** A limit that a plan is beyond; it waits for a person then. */
export const trippedSchema = z.strictObject({
  guard: z.enum([
    'objects',
    'bytes',
    'share-of-jobs',
    'share-of-project',
    'last-success',
    'roots-gone',
    'roots-shrunk',
    'roots-unreadable',
    'new-policy',
  ]),
  words: z.string(),
});
export type Tripped = z.infer<typeof trippedSchema>;

/**
 * `proposed`: made by a dry run. `waiting`: a guard holds it. `approved`: a person let it go on. `applying`: begun.
 * `applied`: nothing of it is left to do. `superseded`: a newer one waits in its place.
 */
export const PLAN_STATUSES = [
  'proposed',
  'waiting',
  'approved',
  'applying',
  'applied',
  'superseded',
] as const;

/** `cleanupPlans/{planId}`; below it `items/{index}` with the decisions. */
export const cleanupPlanSchema = z.strictObject({
  planId: z.string(),
  runId: z.string(),
  createdAt: z.date(),
  status: z.enum(PLAN_STATUSES),
  policyHash: z.string(),
  /** How many entries each source of roots had. */
  rootCounts: z.record(z.string(), z.int()),
  tripped: z.array(trippedSchema),
  /** The first of the roots that cannot be taken at their word, those first of which it is not known what they keep. */
  oddRoots: z.array(oddRootSchema).default([]),
  considered: z.int(),
  deletes: z.int(),
  kept: z.int(),
  keptByReason: z.partialRecord(z.enum(KEEP_REASONS), z.int()),
  objects: z.int(),
  bytes: z.number(),
  approvedAt: z.date().nullable(),
  /** An approval does not last for ever: the world it was given for does not either. */
  approvalEndsAt: z.date().nullable(),
  appliedAt: z.date().nullable(),
  alarmId: z.string().nullable(),
});
export type CleanupPlan = z.infer<typeof cleanupPlanSchema>;

/** What became of one object. */
export const OBJECT_RESULTS = ['deleted', 'gone', 'changed', 'held', 'failed'] as const;

/** `cleanupJournal/{id}`: objects of one job, written down before any of them is deleted. */
export const journalSchema = z.strictObject({
  id: z.string(),
  runId: z.string(),
  planId: z.string(),
  job: z.string(),
  bucket: z.string(),
  /** The life of the job that they are of; `null` where an older release wrote it down. */
  life: lifeSchema.nullable().default(null),
  createdAt: z.date(),
  /** `null` while what became of the objects is not known. */
  doneAt: z.date().nullable(),
  entries: z.array(
    z.strictObject({
      name: z.string(),
      generation: z.string(),
      size: z.number(),
      result: z.enum(OBJECT_RESULTS).nullable(),
      detail: z.string().nullable(),
      /** Whether it was live, and no older version. */
      live: z.boolean().default(true),
      /** The generation as which an undo brought it back. */
      restoredAs: z.string().nullable().default(null),
    }),
  ),
});
export type Journal = z.infer<typeof journalSchema>;
export type JournalEntry = Journal['entries'][number];

/** `cleanupState/current`: what the next plan is judged by. */
export const cleanupStateSchema = z.strictObject({
  /** The policy that a person approved last. */
  approvedPolicyHash: z.string().nullable(),
  /** The roots of the last plan that was applied; one without deletions only raises them. */
  appliedRootCounts: z.record(z.string(), z.int()).nullable(),
  appliedPlanId: z.string().nullable(),
  /** The keys of roots that cannot be read and that a person accepted by approving a plan. */
  acceptedRoots: z.array(z.string()).default([]),
});
export type CleanupState = z.infer<typeof cleanupStateSchema>;

/** `artifactPins/{id}`: a prefix that is kept whatever the policy says. */
export const pinSchema = z.strictObject({
  id: z.string(),
  /** Normalised, ending in a slash. */
  uri: z.string(),
  /** `null`: for ever. */
  keepUntil: z.date().nullable(),
  owner: z.string(),
  reason: z.string(),
  createdAt: z.date(),
});
export type Pin = z.infer<typeof pinSchema>;

/** The command that brings back what a run deleted. */
export function undoCommand(runId: string): string {
  return `npm run -s ops -- cleanup undo ${runId}`;
}

/** Whether a pin still keeps what it names. */
export function isHeld({ keepUntil }: Pick<Pin, 'keepUntil'>, at: Date): boolean {
  return keepUntil === null || keepUntil > at;
}

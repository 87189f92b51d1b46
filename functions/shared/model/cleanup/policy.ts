import { hash } from 'node:crypto';
import { z } from 'zod';
import { isBucketName, readPlace } from '../artifact/artifact.ts';
import { distinct, region } from '../forms.ts';
import { executionsOf, type Source, sourceSchema } from '../job/source.ts';
import { stable } from '../stable.ts';

/** What may be deleted, as settings.json has it. The defaults name no bucket, so nothing ever is. */

/** A text that `works`, described by `expected` in the message about one that does not. */
const textThat = (works: (text: string) => boolean, expected: string) =>
  z
    .string()
    .refine(works, { error: ({ input }) => `Cannot use ${JSON.stringify(input)}`, params: { expected } });

const bucketName = textThat(isBucketName, 'the name of a bucket, without gs://');
const rootUri = textThat((text) => {
  const place = readPlace(text);
  return place.is === 'read' && place.value.fault === null;
}, 'a plain URI such as gs://bucket/folder/, without . and .. and wildcards');

const { collection, group, database, googleProject, fields } = sourceSchema.shape;

/** A collection of the user's own records that name artifacts to keep. */
const modelsSchema = z.strictObject({
  collection,
  group,
  database,
  googleProject,
  /** The field with the artifact's URI. */
  artifactUri: fields.shape.status,
});

const guardsSchema = z.strictObject({
  objects: z.int().min(1).default(100_000),
  bytes: z
    .int()
    .min(1)
    .default(2 ** 40),
  /** Of all ended jobs that still have artifacts, and of those of one project. */
  shareOfJobs: z.number().positive().max(1).default(0.5),
  shareOfProject: z.number().positive().max(1).default(0.8),
});

export const artifactPolicySchema = z.strictObject({
  /** The only buckets in which anything may be deleted. */
  buckets: distinct(bucketName).default([]),
  /** Since the job's end; twice that where the end is inferred. */
  minimumAgeDays: z.number().positive().max(3650).default(7),
  /** How many of the newest successes of a source's project and model are kept. */
  keepSuccesses: z.int().min(0).default(1),
  /** How long after its end a job may still have written. */
  lateWriteGraceMinutes: z.number().min(0).max(1440).default(10),
  /** Kept with all that is in them or holds them, as gs:// URIs or in another spelling of a place. */
  protectedPrefixes: distinct(rootUri).default([]),
  models: z.array(modelsSchema).default([]),
  /** Vertex AI Model Registry, where it is to be asked. */
  vertexModels: z
    .strictObject({ regions: distinct(region).min(1), googleProject: z.string().min(1).optional() })
    .optional(),
  /** Whether buckets without soft delete may be cleaned, whose objects no undo brings back. */
  irreversible: z.boolean().default(false),
  jobsPerPlan: z.int().min(1).default(1000),
  /** What a plan may not go beyond without a person's approval. */
  guards: guardsSchema.prefault({}),
});
export type ArtifactPolicy = z.infer<typeof artifactPolicySchema>;

/** Changes with whatever decides over deletions: the policy, and how the sources are read. */
export function policyHashOf(policy: ArtifactPolicy, sources: Readonly<Record<string, Source>>): string {
  const read = Object.entries(sources).map(([name, source]) => [name, decidingOf(source)]);
  return hash('sha256', stable({ policy, sources: Object.fromEntries(read) }), 'base64url');
}

/** The part of a source by which deletions are decided. How the sweep finds jobs that died must not stop the clean-up. */
function decidingOf(source: Source): object {
  const { sweep, backend, executions, ...deciding } = source;
  const below = executionsOf(source);
  // Absent without executions, so that a plan of such a source waits for no person after an upgrade.
  if (!below) return deciding;
  const { status, startedAt, heartbeatAt, endedAt } = below.fields;
  // An execution that goes on keeps its job, by these alone.
  const signs = { status, startedAt, heartbeatAt, endedAt };
  return {
    ...deciding,
    executions: { collection: below.collection, fields: signs, statuses: below.statuses },
  };
}

import type { Kept, Pin, PlannedJob, Root, Roots } from '../../functions/cleanup-artifacts/decision.ts';
import { planCleanup } from '../../functions/cleanup-artifacts/plan.ts';
import { DAY_MS } from '../../functions/shared/dates.ts';
import { type Prefix, readRootUri } from '../../functions/shared/model/artifact.ts';
import type { Decision } from '../../functions/shared/model/cleanup.ts';
import type { AddedToJob } from '../../functions/shared/model/job.ts';
import { type ArtifactPolicy, artifactPolicySchema } from '../../functions/shared/model/policy.ts';
import { utc } from './jobs.ts';

/** The instant at which the plans of the tests are made. */
export const NOW = utc('2026-03-31T03:00');

/** `days` before NOW. */
export function daysAgo(days: number): Date {
  return new Date(NOW.getTime() - days * DAY_MS);
}

/** What a job differs in. */
export type PlannedWords = Partial<Omit<PlannedJob, 'added'>> & { id: string; added?: Partial<AddedToJob> };

/** A job whose artifacts nothing keeps, unless told otherwise: one that failed 30 days ago, in gs://runs/{id}/. */
export function plannedOf({ added, ...over }: PlannedWords): PlannedJob {
  const source = over.source ?? 'jobs';
  return {
    name: `${source}:${source}/${over.id}`,
    source,
    project: 'alpha',
    model: 'resnet',
    state: 'failed',
    status: over.state ?? 'failed',
    startedAt: null,
    endedAt: daysAgo(30),
    artifactUri: `gs://runs/${over.id}/`,
    registeredModel: null,
    keepUntil: null,
    resumedFrom: null,
    added: { endInferred: false, tombstone: null, deletedAt: null, evidence: null, earlier: [], ...added },
    unreadable: [],
    enforced: true,
    ...over,
  };
}

/** A policy that allows the bucket `runs`, with the defaults for the rest. */
export function policyOf(over: Partial<ArtifactPolicy> = {}): ArtifactPolicy {
  return { ...artifactPolicySchema.parse({ buckets: ['runs'] }), ...over };
}

/** The prefix that `uri` names. */
export function prefixOf(uri: string): Prefix {
  const read = readRootUri(uri);
  if (!read.ok) throw new RangeError(`Cannot read ${uri}: ${read.why}`);
  return read.prefix;
}

export function modelOf(uri: string, by = 'model'): Root {
  return { prefix: prefixOf(uri), by };
}

export function pinOf(uri: string, keepUntil: Date | null = null): Pin {
  return { prefix: prefixOf(uri), keepUntil, owner: 'ada', reason: 'the paper' };
}

export interface World {
  jobs: readonly PlannedJob[];
  roots?: Partial<Roots>;
  policy?: Partial<ArtifactPolicy>;
  found?: ReadonlyMap<string, Kept>;
}

export function planOf({ jobs, roots = {}, policy = {}, found }: World): Decision[] {
  const all = { models: [], pins: [], protectedPrefixes: [], ...roots };
  return planCleanup(jobs, all, policyOf(policy), NOW, found);
}

/** What is decided, as `id: reason`, by id. */
export function reasonsOf(world: World): Record<string, string> {
  const decisions = planOf(world).toSorted((a, b) => (a.id < b.id ? -1 : 1));
  return Object.fromEntries(decisions.map(({ id, reason }) => [id, reason]));
}

/** Why the job with this id stays or goes, in words. */
export function because(world: World, id: string): string | undefined {
  return planOf(world).find((it) => it.id === id)?.because;
}

/** Ids of the jobs that go, in their order. */
export function going(world: World): string[] {
  return planOf(world)
    .filter(({ decision }) => decision === 'delete')
    .map(({ id }) => id);
}

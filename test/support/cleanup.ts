import type { Kept, Pin, PlannedJob, Root, Roots } from '../../functions/cleanup-artifacts/plan/decision.ts';
import { type Plan, planCleanup } from '../../functions/cleanup-artifacts/plan/plan.ts';
import { addMs, DAY_MS } from '../../functions/shared/dates.ts';
import { type Prefix, readPlace } from '../../functions/shared/model/artifact/artifact.ts';
import type { Tombstone } from '../../functions/shared/model/artifact/artifact-life.ts';
import type { Decision } from '../../functions/shared/model/cleanup/cleanup.ts';
import { type ArtifactPolicy, artifactPolicySchema } from '../../functions/shared/model/cleanup/policy.ts';
import { type AddedToJob, jobName } from '../../functions/shared/model/job/job.ts';
import { NOTHING_ADDED, utc } from './jobs.ts';

/** The instant at which the plans of the tests are made. */
export const NOW = utc('2026-03-31T03:00');

/** `days` before NOW. */
export function daysAgo(days: number): Date {
  return addMs(NOW, -days * DAY_MS);
}

/** What a job differs in. */
export type PlannedWords = Partial<Omit<PlannedJob, 'added' | 'name'>> & {
  id: string;
  added?: Partial<AddedToJob>;
};

/** A job whose artifacts nothing keeps, unless told otherwise: one that failed 30 days ago, in gs://runs/{id}/. */
export function plannedOf({ added, ...over }: PlannedWords): PlannedJob {
  const { source = 'jobs', path = `${source}/${over.id}` } = over;
  return {
    name: jobName(source, path),
    source,
    path,
    project: 'alpha',
    model: 'resnet',
    state: 'failed',
    status: over.state ?? 'failed',
    startedAt: null,
    endedAt: daysAgo(30),
    endReceivedAt: null,
    heartbeatAt: null,
    backendId: null,
    artifactUri: `gs://runs/${over.id}/`,
    registeredModel: null,
    keepUntil: null,
    resumedFrom: null,
    added: { ...NOTHING_ADDED, ...added },
    unreadable: [],
    enforced: true,
    ...over,
  };
}

/** A policy that allows the bucket `runs`, with the defaults for the rest. */
export function policyOf(over: Partial<ArtifactPolicy> = {}): ArtifactPolicy {
  return { ...artifactPolicySchema.parse({ buckets: ['runs'] }), ...over };
}

/** The first prefix that `uri` names. */
export function prefixOf(uri: string): Prefix {
  const place = readPlace(uri);
  const [prefix] = place.is === 'read' ? place.value.folders : [];
  if (!prefix) throw new RangeError(`Cannot read ${uri} as a place`);
  return prefix;
}

export function modelOf(uri: string, by = 'model'): Root {
  return { said: { is: 'read', value: uri }, by };
}

export function pinOf(uri: string, keepUntil: Date | null = null): Pin {
  return { said: { is: 'read', value: uri }, keepUntil, owner: 'ada', reason: 'the paper' };
}

/** The mark of a deletion that began two days ago, of whatever the job was then. */
export function tombstoneOf(runId = 'run'): Tombstone {
  return { planId: 'plan', runId, at: daysAgo(2), life: null };
}

export interface World {
  jobs: readonly PlannedJob[];
  roots?: Partial<Roots>;
  policy?: Partial<ArtifactPolicy>;
  found?: ReadonlyMap<string, Kept>;
}

/** The whole plan of a world. */
export function wholePlanOf({ jobs, roots = {}, policy = {}, found = new Map() }: World): Plan {
  const all = { models: [], pins: [], protectedPrefixes: [], ...roots };
  const findings = new Map([...found].map(([job, kept]) => [job, { kept, isEmpty: false }]));
  return planCleanup(jobs, { roots: all, policy: policyOf(policy), now: NOW, found: findings });
}

export function planOf(world: World): Decision[] {
  return wholePlanOf(world).decisions;
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

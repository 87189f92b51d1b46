import type { PlannedJob, Roots } from '../../functions/cleanup-artifacts/decision.ts';
import type { ArtifactPolicy } from '../../functions/shared/model/policy.ts';

/**
 * A second reading of DESIGN.md, section 6, to hold the plan against: it compares every job with every other, again and
 * again, and shares no code with what it judges.
 */

const DAY = 24 * 60 * 60 * 1000;

/** What may be relied on after the plan. */
export interface Verdict {
  /** Names of the jobs that may be deleted. */
  deletable: Set<string>;
  /** URIs of everything that must stay. */
  staying: string[];
}

export function oracle(
  jobs: readonly PlannedJob[],
  roots: Roots,
  policy: ArtifactPolicy,
  now: Date,
): Verdict {
  const rootUris = [
    ...roots.models.map(({ prefix }) => `gs://${prefix.bucket}/${prefix.path}`),
    ...roots.protectedPrefixes.map((prefix) => `gs://${prefix.bucket}/${prefix.path}`),
    ...roots.pins
      .filter(({ keepUntil }) => keepUntil === null || keepUntil.getTime() > now.getTime())
      .map(({ prefix }) => `gs://${prefix.bucket}/${prefix.path}`),
  ];
  const kept = new Set<PlannedJob>();
  for (const job of jobs) {
    const uri = uriOfEnded(job, policy);
    const end = endOf(job);
    if (alive(job) || uri === null || job.added.deletedAt !== null || end === null) kept.add(job);
    else if (end > now.getTime()) kept.add(job);
    else if (now.getTime() - end < policy.minimumAgeDays * DAY * (job.added.endInferred ? 2 : 1))
      kept.add(job);
    else if (job.registeredModel !== null || job.unreadable.some(({ field }) => field !== 'endedAt'))
      kept.add(job);
    else if (job.keepUntil !== null && job.keepUntil.getTime() > now.getTime()) kept.add(job);
    else if (rootUris.some((root) => touching(root, uri))) kept.add(job);
    else if (job.state === 'completed') {
      const newer = jobs.filter(
        (other) =>
          other.state === 'completed' &&
          other.source === job.source &&
          other.project === job.project &&
          other.model === job.model &&
          other.added.deletedAt === null &&
          other.added.tombstone === null &&
          uriOfEnded(other, policy) !== null &&
          (endOf(other) ?? Number.POSITIVE_INFINITY) <= now.getTime() &&
          (endOf(other) ?? 0) > end,
      );
      if (newer.length < policy.keepSuccesses) kept.add(job);
    }
  }

  for (let before = -1; before !== kept.size; ) {
    before = kept.size;
    for (const one of jobs) {
      const uri = heldBy(one, policy);
      if (kept.has(one) || uri === null) continue;
      for (const other of jobs) {
        // A job that is only observed stays, so for those that are not it is as good as kept.
        if (other === one || !(kept.has(other) || (one.enforced && !other.enforced))) continue;
        const held = heldBy(other, policy);
        if (held === null && !alive(other)) continue;
        if ((held !== null && touching(held, uri)) || resumes(other, one, uri)) kept.add(one);
      }
    }
  }
  const staying = jobs.filter((job) => kept.has(job)).flatMap((job) => heldBy(job, policy) ?? []);
  const rest = jobs.filter((job) => !kept.has(job));
  return { deletable: new Set(rest.map(({ name }) => name)), staying: [...rootUris, ...staying] };
}

/** Whether one of two URIs, each ending in `/`, lies in the other. */
export function touching(a: string, b: string): boolean {
  return a.startsWith(b) || b.startsWith(a);
}

function alive({ state }: PlannedJob): boolean {
  return state === 'queued' || state === 'running' || state === 'unknown';
}

function endOf({ startedAt, endedAt }: PlannedJob): number | null {
  if (endedAt === null) return null;
  return startedAt === null ? endedAt.getTime() : Math.max(startedAt.getTime(), endedAt.getTime());
}

function heldBy(job: PlannedJob, policy: ArtifactPolicy): string | null {
  if (alive(job)) return meant(job.artifactUri);
  return job.added.deletedAt === null ? uriOfEnded(job, policy) : null;
}

function resumes(child: PlannedJob, parent: PlannedJob, uri: string): boolean {
  if (child.resumedFrom === null) return false;
  if (child.source === parent.source && child.resumedFrom === parent.id) return true;
  const from = meant(child.resumedFrom);
  return from !== null && touching(from, uri);
}

/** The URI of an ended job, ending in `/`; `null` where it may not be deleted for what it names. */
function uriOfEnded({ artifactUri }: PlannedJob, policy: ArtifactPolicy): string | null {
  const parts = partsOf(artifactUri);
  if (!parts || parts.length === 1 || !policy.buckets.includes(parts[0] as string)) return null;
  return clean(parts) ? `gs://${parts.join('/')}/` : null;
}

/** All that a URI may mean, ending in `/`. */
function meant(text: string | null): string | null {
  const parts = partsOf(text);
  if (!parts) return null;
  return clean(parts) ? `gs://${parts.join('/')}/` : `gs://${parts[0]}/`;
}

function partsOf(text: string | null): string[] | null {
  const parts = text?.startsWith('gs://') ? text.slice('gs://'.length).split('/') : [];
  if (parts.length > 1 && parts.at(-1) === '') parts.pop();
  return parts[0] && /^[a-z]+$/.test(parts[0]) ? parts : null;
}

function clean(parts: string[]): boolean {
  return parts.slice(1).every((part) => part !== '' && part !== '.' && part !== '..' && !part.includes('*'));
}

import { prefixIndex, reachOf, readArtifactUri, uriOf } from '../shared/model/artifact.ts';
import type { Job } from '../shared/model/job.ts';

/**
 * Groups jobs that stay or go together: those whose artifacts lie in one another, and those that began from one another.
 * Groups and the jobs in them keep the order of `jobs`.
 */
export function lineagesOf(jobs: readonly Job[]): Job[][] {
  const leaders = new Map<Job, Job>();
  const leaderOf = (job: Job): Job => {
    let leader = job;
    for (let next = leaders.get(leader); next; next = leaders.get(leader)) leader = next;
    // What was found is not looked for again.
    if (leader !== job) leaders.set(job, leader);
    return leader;
  };
  const join = (a: Job, b: Job) => {
    const [one, other] = [leaderOf(a), leaderOf(b)];
    if (one !== other) leaders.set(other, one);
  };

  const placed = jobs.flatMap((job) => {
    const read = readArtifactUri(job.artifactUri);
    return read.ok ? [{ job, prefix: read.prefix }] : [];
  });
  const index = prefixIndex(placed.map(({ prefix }) => prefix));
  /** One that has this prefix: the others are joined to it. */
  const holders = new Map(placed.map(({ job, prefix }) => [uriOf(prefix), job]));
  for (const { job, prefix } of placed) {
    for (const around of [prefix, index.topmost(prefix)]) {
      const holder = around && holders.get(uriOf(around));
      if (holder) join(holder, job);
    }
  }

  const byId = Map.groupBy(jobs, (job) => idIn(job, job.id));
  for (const child of jobs) {
    if (!child.resumedFrom) continue;
    for (const parent of byId.get(idIn(child, child.resumedFrom)) ?? []) join(parent, child);
    const reach = reachOf(child.resumedFrom);
    for (const prefix of reach ? index.allOverlapping(reach) : []) {
      const parent = holders.get(uriOf(prefix));
      if (parent) join(parent, child);
    }
  }
  return [...Map.groupBy(jobs, leaderOf).values()];
}

/** An id is one of its source. */
function idIn({ name }: Job, id: string): string {
  return `${name.slice(0, name.indexOf(':'))}:${id}`;
}

import { pooledMap } from '../../shared/concurrency.ts';
import type { OddRoot } from '../../shared/model/cleanup/cleanup.ts';
import { type Found, type Looker, standing } from '../look/look.ts';
import type { Planning } from '../look/measure.ts';
import type { Finding } from '../plan/decision.ts';
import { unreadableRoots } from '../plan/guard.ts';
import { choose } from '../plan/plan.ts';

const LOOKS_AT_ONCE = 16;

/** The decisions of the first look. */
export interface FirstLook {
  /** Names of the jobs to delete. */
  targets: readonly string[];
  found: ReadonlyMap<string, Found>;
  oddRoots: readonly OddRoot[];
  acceptedRoots: readonly string[];
}

/** The plan as it is made again at the last moment. */
export interface SecondLook {
  /** Why jobs stay after all, by their names. */
  staying: ReadonlyMap<string, string>;
  /** Names of the jobs to delete, in groups that depend on each other. */
  groups: readonly (readonly string[])[];
}

/**
 * Plans again from all records as they are now, and returns why jobs that were to be deleted stay after all; those that could
 * not be marked stay, too. No objects are listed: the findings of the first look still count.
 */
export async function lookAgain(
  first: FirstLook,
  unmarked: ReadonlyMap<string, string>,
  { jobs, ...basis }: Planning,
  { lifeSignOf }: Looker,
): Promise<SecondLook> {
  const found = new Map<string, Finding>(first.found);
  for (const [name, because] of unmarked) found.set(name, standing({ reason: 'held', because }, false));
  const targets = new Set(first.targets);
  const present = new Map(jobs.filter(({ name }) => targets.has(name)).map((job) => [job.name, job]));
  const marked = first.targets.flatMap((name) => (unmarked.has(name) ? [] : (present.get(name) ?? [])));
  await pooledMap(marked, LOOKS_AT_ONCE, async (job) => {
    const sign = job.endedAt ? await lifeSignOf(job) : undefined;
    if (sign) found.set(job.name, standing({ reason: 'signs-of-life', because: sign }, false));
  });
  // The first look has limited the number of jobs already.
  const policy = { ...basis.policy, jobsPerPlan: Number.MAX_SAFE_INTEGER };
  const choice = choose(jobs, { ...basis, policy, found });
  const [unread] = unreadableRoots(choice.oddRoots, [
    ...first.acceptedRoots,
    ...first.oddRoots.flatMap(({ key }) => key ?? []),
  ]);
  const kept = new Map<string, string>();
  for (const [{ job }, { because }] of choice.kept) if (targets.has(job.name)) kept.set(job.name, because);
  const staying = new Map<string, string>();
  for (const name of targets) {
    const because = unread
      ? `a root has come that nobody can read: ${unread.by}: ${unread.why}`
      : kept.get(name);
    if (because) staying.set(name, because);
    else if (!present.has(name)) staying.set(name, 'its record is gone');
  }
  const groups = choice.groups.map((names) =>
    names.filter((name) => targets.has(name) && !staying.has(name)),
  );
  return { staying, groups: groups.filter((names) => names.length > 0) };
}

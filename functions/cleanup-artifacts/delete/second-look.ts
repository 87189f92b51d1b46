import { pooledMap } from '../../shared/concurrency.ts';
import type { OddRoot } from '../../shared/model/cleanup/cleanup.ts';
import { type Found, type LookTools, lifeSignOf, standing } from '../look/look.ts';
import type { Finding, PlannedJob, Roots } from '../plan/decision.ts';
import { unreadableRoots } from '../plan/guard.ts';
import { choose } from '../plan/plan.ts';
import type { SecondLook } from './carry-out.ts';

const LOOKS_AT_ONCE = 16;

/** What was decided the first time. */
export interface FirstLook {
  /** Names of the jobs that go. */
  going: readonly string[];
  found: ReadonlyMap<string, Found>;
  oddRoots: readonly OddRoot[];
  acceptedRoots: readonly string[];
}

/** What everything says now. */
interface Now extends LookTools {
  jobs: readonly PlannedJob[];
  roots: Roots;
}

/**
 * Plans again from what all records say now, and tells why jobs that were to go stay after all. Nothing is listed for it:
 * what was found of the objects before still counts.
 */
export async function lookAgain(
  first: FirstLook,
  unmarked: ReadonlyMap<string, string>,
  now: Now,
): Promise<SecondLook> {
  const found = new Map<string, Finding>(first.found);
  for (const [name, because] of unmarked) found.set(name, standing({ reason: 'held', because }, false));
  const byName = new Map(now.jobs.map((job) => [job.name, job]));
  const marked = first.going.flatMap((name) => (unmarked.has(name) ? [] : (byName.get(name) ?? [])));
  await pooledMap(marked, LOOKS_AT_ONCE, async (job) => {
    const sign = job.endedAt ? await lifeSignOf(job, now) : undefined;
    if (sign) found.set(job.name, standing({ reason: 'signs-of-life', because: sign }, false));
  });
  // How many go at once was decided the first time.
  const policy = { ...now.policy, jobsPerPlan: Number.MAX_SAFE_INTEGER };
  const choice = choose(now.jobs, { roots: now.roots, policy, now: now.now, found });
  const [unread] = unreadableRoots(choice.oddRoots, [
    ...first.acceptedRoots,
    ...first.oddRoots.flatMap(({ key }) => key ?? []),
  ]);
  const going = new Set(first.going);
  const kept = new Map<string, string>();
  for (const [{ job }, { because }] of choice.kept) if (going.has(job.name)) kept.set(job.name, because);
  const staying = new Map<string, string>();
  for (const name of going) {
    const because = unread
      ? `a root has come that nobody can read: ${unread.by}: ${unread.why}`
      : kept.get(name);
    if (because) staying.set(name, because);
    else if (!byName.has(name)) staying.set(name, 'its record is gone');
  }
  const groups = choice.groups.map((names) => names.filter((name) => going.has(name) && !staying.has(name)));
  return { staying, groups: groups.filter((names) => names.length > 0) };
}
